"""Three whole contracts of made-up parties, in two languages."""

LOAN = """借款合同
合同编号：LJ-2025-001
贷款人：临江示范银行股份有限公司
借款人：临江精工机械有限公司
签订日期：2025年3月1日
第一条 借款金额
本合同项下借款金额为人民币5,000,000.00元（大写：人民币伍佰万元整）。
第二条 借款用途
借款人应将本合同项下借款用于采购原材料，未经贷款人书面同意，不得改变借款用途。借款人不得将借款用于固定资产投资、股权投资，不得用于国家禁止生产、经营的领域和用途。
第三条 借款期限
借款期限为12个月，自2025年3月5日至2026年3月5日。
第四条 借款利率
年利率为4.35%，按日计息，按月结息。
第五条 提款
借款人满足提款条件后，贷款人按第一条约定发放借款。
第六条 还款方式
还款方式为按月付息，到期一次性还本。
第七条 罚息
借款人未按期归还借款的，自逾期之日起按本合同约定利率加收50%计收罚息。借款人未按约定用途使用借款的，自挪用之日起按本合同约定利率加收100%计收罚息。
第八条 借款人义务
借款人应按贷款人要求提供财务报表。
第九条 违约责任
发生违约事件的，贷款人有权停止发放借款，宣布借款提前到期，并要求借款人立即清偿全部借款本息。“违约事件”是指借款人未按约定还款或违反第八条的情形。
第十条 争议解决
本合同适用《中华人民共和国民法典》第六百七十条。发生争议的，向贷款人住所地有管辖权的人民法院提起诉讼。
第十一条 合同生效
本合同自双方签字并盖章之日起生效。
贷款人（盖章）：临江示范银行股份有限公司
借款人（盖章）：临江精工机械有限公司
日期：____年__月__日"""

ENGLISH = """Loan Agreement
This agreement is dated 1 March 2025 and is made between:
Lender: Harbour Sample Bank Limited
Borrower: Riverside Sample Machinery Co., Ltd.
1. Loan Amount
The loan amount is FIVE MILLION YUAN (RMB 5,000,000.00).
2. Purpose
The Borrower shall use the Loan for buying raw materials and shall not change its purpose without the written consent of the Lender. The Borrower shall not use the Loan for investment in equity or in areas prohibited by law.
3. Term
The term of the loan is 12 months from 5 March 2025 to 5 March 2026.
4. Interest
The interest rate is 5.2% per annum.
5. Disbursement
The Lender pays out the Loan under Clause 1.
6. Repayment
The Borrower shall repay in full on the maturity date.
7. Default Interest
If the Borrower fails to repay when due, default interest accrues from the due date at the contract rate plus 50%. If the Borrower misuses the Loan, default interest accrues from the day of misuse at the contract rate plus 100%.
8. Covenants
The Borrower undertakes to supply its accounts.
9. Events of Default
If an event of default occurs, the Lender may stop disbursement, declare the Loan due and require the Borrower to repay all principal and interest at once.
10. Governing Law
Any disputes go to the courts of the place of the Lender.
11. Miscellaneous
This agreement comes into force when it is signed.
Signed by the Lender: Harbour Sample Bank Limited
Signed by the Borrower: Riverside Sample Machinery Co., Ltd.
Date: ________"""  # noqa: E501 - a contract has long lines

GUARANTEE = """保证合同
债权人：临江示范银行股份有限公司
保证人：江畔示范控股有限公司
第一条 被保证的主债权
主债权本金为人民币5,000,000.00元（大写：伍佰万元整）。
第二条 保证方式
保证人承担连带责任保证。债务人不履行到期债务的，债权人有权直接要求保证人承担保证责任。
第三条 保证范围
保证范围包括主债权本金、利息、罚息、复利、违约金、损害赔偿金以及实现债权的费用。
第四条 保证期间
保证期间为主债务履行期限届满之日起三年。
第五条 保证人义务
保证人应配合债权人检查。
第六条 违约责任
保证人违约的，应赔偿债权人损失。
第七条 争议解决
发生争议的，向债权人所在地人民法院提起诉讼。
第八条 合同生效
本合同自双方签字并盖章之日起生效。
债权人（盖章）：临江示范银行股份有限公司
保证人（盖章）：江畔示范控股有限公司"""
