"""Words by which a statement shows what it is: a request, an event, a promise, something open, an end."""

import re


def _cue(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


REQUEST = _cue(
    r"我(?:是|就)?(?:想|要|需要|打算|准备)(?!起|不)",
    r"想(?:问|咨询|了解|查|办|知道|申请|改|开|投诉|反映|确认)", r"(?:帮|给)我",
    r"能不能|可不可以|怎么(?!样)|如何|为什么|为啥|什么时候|多少(?:钱|利息|费)|咨询|查询|挂失|投诉|申请",
    r"\bi(?:'d| would) like\b|\bi (?:want|need|was hoping|wish|wanted|was wondering|have a (?:question|problem"
    r"|complaint))\b",
    r"\bi(?:'m| am) (?:calling|ringing|phoning|trying|looking)\b",
    r"\b(?:can|could|would|will) you\b|\bhow (?:do|can|long|much|come)\b|\bwhy\b|\bwhen will\b|\bcan i\b|\bhelp me\b"
    r"|\bwhat(?:'s| is) (?:the|happening|going)\b|\bdo you (?:have|offer|do)\b|\bcomplain\b",
)  # fmt: skip
PROBLEM = _cue(
    r"没(?:有)?(?:收到|到账|到|办|给|回|解决|退|用|法|人)|(?:不|没)(?:能|了(?!解)|通|上|出来|动|成功)|又扣"
    r"|扣了?我|扣款|说话不算|不见了|丢了|丢失|被(?:盗|扣|吞|骗|锁|冻结|拒|限)",
    r"等了|冻结|过期|逾期|余额不足|不符|亏了|失败|错误|异常|重复|多扣|乱扣|转错|忘(?:记|了)|出问题|打不开|登不"
    r"|用不了|盗刷|骗",
    r"\b(?:hasn't|haven't|hadn't|didn't|doesn't|don't|isn't|wasn't|won't|can't|couldn't|cannot|not|never)\b.{0,30}"
    r"\b(?:arriv|receiv|work|get|got|go|went|show|come|came|log|let|recogni[sz]e|make|made|open|use|help|call)",
    r"\b(?:lost|stolen|missing|declined|blocked|locked|frozen|swallowed|charged|overcharged|failed|error|wrong"
    r"|scam\w*|fraud\w*"
    r"|expired|forgot(?:ten)?|stuck|pending|still|twice|unauthori[sz]ed|problem|issue|mistake)\b",
)  # fmt: skip
EVENT = _cue(
    r"(?:我|他们?|她|你们|系统|银行|对方|卡|柜员|经理|机器|钱).{0,12}(?:了|过|着)(?!吗)|被.{1,8}了?|当时|答应"
    r"|承诺|说好|根本|明明|收到(?!请)|显示|提示|发现|变成|扣了?|转(?:了|给|账)|存(?:了|的)",
    r"\b(?:was|were|got|have been|has been|had|went|came|sent|paid|transferred|withdrew|received|called|told"
    r"|asked|said|bought|ordered"
    r"|noticed|found|saw|showed|shows|says|happened|signed|applied|lost|left|took|made|moved|opened|closed"
    r"|changed|tried|used|dropped)\b",
)  # fmt: skip
FIGURE = _cue(
    r"(?:\d[\d,.]*|[一二两三四五六七八九十百千万]+)\s*(?:多)?(?:元|块|万|千|百|亿|%|美元|欧元|笔|次|期|岁|个月"
    r"|天|年|小时)",
    r"[百千万]分之|[零一二三四五六七八九十]点[零一二三四五六七八九]|[¥￥$€£]\s?\d|\b\d[\d,.]*\s*(?:%|percent"
    r"|yuan|rmb|dollars?|usd|pounds?|euros?|thousand|million|k|months?|days|weeks|years?)(?:\b|$)",
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|twenty|thirty|fifty|hundred|thousand|million) "
    r"(?:hundred|thousand|million|yuan|dollars|pounds|euros|percent|(?:working |business |calendar )?days"
    r"|months|weeks|years|hours)\b",
)  # fmt: skip
TIME = _cue(
    r"昨[天晚]|前天|上(?:周|个?月|星期|礼拜)|去年|今[天早]|(?:\d{1,2}|[一二三四五六七八九十]+)月(?:\d{1,2}"
    r"|[一二三四五六七八九十]+)?[日号]?"
    r"|(?:\d{1,2}|[一二三四五六七八九十]+)[号日]|(?:\d{1,2}|[一二三四五六七八九十两]+)(?:天|个?月|周|个?星期"
    r"|小时|年)(?:前|了)?|周[一二三四五六日]",
    r"\byesterday\b|\blast (?:night|week|month|year|\w+day)\b|\btoday\b|\bthis morning\b|\b(?:days?|weeks?"
    r"|months?|hours?) ago\b"
    r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\b(?:january|february|march|april|june|july|august"
    r"|september|october"
    r"|november|december)\b|\b\d{1,2}(?:st|nd|rd|th)\b",
)  # fmt: skip
CORRECTION = _cue(
    r"不对|说错|记错|搞错|更正|应该是|不是.{1,14}(?:[，, ]|而)?是",
    r"\bi meant\b|\bcorrection\b|\bactually\b|\bno[, ]+(?:wait|it's|it was)\b"
    r"|\bmy mistake\b|\bsorry[, ]+(?:it|not|that)\b|\bnot \w+.{0,16}(?:it's|it was|but)\b"
)  # fmt: skip
PURPOSE = _cue(
    r"(?:给|向)您?(?:来电|致电|打(?:这个)?电话|介绍|推荐|回访|确认|通知|提醒)|(?:这次|今天|本次)?(?:来电|致电"
    r"|打电话)(?:是|主要|的|，|想)"
    r"|(?:跟|和|与|向|为)您(?:确认|核实|介绍|说一下|沟通|推荐|回访)|(?:做|进行)(?:一个|个)?回访|想(?:跟|向|给"
    r"|和)您|通知您|提醒您|邀请您|关于您",
    r"\b(?:i'm|i am|we're|we are) (?:calling|ringing|phoning|following up|reaching out|getting in touch)\b"
    r"|\bthe reason (?:i'm|for)"
    r"|\bcalling (?:you )?(?:about|to|because|regarding|from .{3,30} (?:about|to))\b|\bto (?:let you know"
    r"|tell you about|follow up|remind you)\b"
    r"|\bthis is .{2,40} (?:about|regarding)\b",
)  # fmt: skip
_ZH_ACTS = (
    r"(?:回电|回复|回您|回访|联系|致电|打给您|打电话|处理|提交|登记|反馈|跟进|寄|发送|发(?:给|到|您|一|短信"
    r"|个)|发出|短信|退(?:回|还|给|款)|核实|安排"
    r"|转交|转给|上报|升级|补发|补寄|通知|告知|到账|入账|调查|答复|减免|申请|预约|催|派|上门|重新|恢复|取消"
    r"|记录|备注|解除|解冻|不再)"
)
_EN_ACTS = (
    r"(?:call|ring|phone|send|register|record|open|e-?mail|text"
    r"|contact|get back|be in touch|get in touch|raise|file|log|refund"
    r"|credit|arrange|follow up"
    r"|let you know|waive|issue|post|mail|write|note|check with|speak (?:to|with)|talk to|let them know"
    r"|escalate|investigate|look into|pass|forward|submit|process|put (?:in|through)|book|reply|respond"
    r"|notify|update|return|reverse|deliver|cancel|remove|take you off|chase|make sure|be (?:sent|refunded"
    r"|credited|called|contacted|waived"
    r"|reversed|delivered|posted|processed|cancelled|removed)|have (?:it|that|someone|a colleague|our|the))"
)
PROMISE = _cue(
    r"(?:我们?(?:这边|这里|行|银行)?|这边|行里|后台|专员|同事|客户经理|经理|主管|相关部门|工作人员|技术(?:人员"
    r"|部门)?|专人|银行|网点)(?!能|可能)"
    rf".{{0,14}}?(?:会|将|来|马上|尽快|稍后|明天|后天|今天|下周|帮您|给您|为您).{{0,24}}?{_ZH_ACTS}",
    rf"(?:会|将)(?:在|于|有|由|尽快|马上|第一时间|跟|和|给|为|帮|替|向|把|再|通过|以).{{0,26}}?{_ZH_ACTS}",
    r"(?:给|为|帮|替)您.{0,8}(?:登记|提交|申请|安排|备注|记录|转交|上报|升级|预约|加急|催办).{0,20}",
    r"我(?:们)?(?:这边)?(?:就)?再(?:联系|打|跟您|和您|给您)|我.{0,12}(?:发给|寄给|转给|打给|联系)您(?!了)",
    rf"(?:个?工作日|小时|天)(?:之?内|以内).{{0,12}}?{_ZH_ACTS}",
    r"\b(?:it|the (?:money|payment|card|refund|letter|transfer|amount))(?:'ll| will| should) (?:arrive|reach"
    r"|be (?:with|in|there|on)|show|appear|get|come)\b",
    rf"\b(?:i|we|they|he|she|someone|somebody|our [\w ]{{2,24}}|the [\w ]{{2,24}}|a (?:colleague|specialist"
    rf"|manager|member)[\w ]{{0,20}}|you)"
    r"(?:'ll| will| shall| am going to|'m going to|'re going to| are going to| is going to)(?: also| then"
    r"| definitely| personally| be able to)?"
    rf" (?:{_EN_ACTS}|receive|get (?:a|the|your|it|an))\b",
)  # fmt: skip
NOW = _cue(  # what the seat does at once, or asks whether to do, is no promise
    r"(?:查|看|核实|核对|确认|查询|问)(?:一下|看)(?!.{0,14}(?:回|联系|答复))|请?稍等|稍候|马上帮您查"
    r"|现在(?:就)?(?:给|帮|为)您|请问|可以吗|好吗|行吗|需要吗|方便吗",
    r"\b(?:let me|i'll just|i will just|one moment|bear with|hold on|right now|while i)\b"
    r"|\bi(?:'ll| will) (?:check|look (?:that|it) up|pull|have a look|ask you|need)\b|\bwould you like\b"
    r"|\bshall i\b|\bdo you want\b",
)  # fmt: skip
REFUSED = _cue(
    r"不会|不能|无法|没办法|没法|不可以|会收|会扣|会产生|会影响|如果|若|的话|假如|除非",
    r"\b(?:won't|will not|cannot|can't|unable|unless|if|would)\b",
)
TO_DO = _cue(
    r"(?:您|请您?|麻烦您|需要您?|您需要|建议您?|您可以).{0,14}(?:带|携带|提供|准备|到|去|前往|上传|拨|填写"
    r"|核对|重新|保留|保管|保存|报警|修改|提交|联系|关注|留意|保持|登录|发|寄|签|办理|修改|携|持)",
    r"\b(?:you(?:'ll| will| would|'d)? (?:need|have) to|you should|please (?:bring|send|visit|go|upload"
    r"|complete|fill|call|reply|keep|check|sign|come)"
    r"|you can (?:visit|go|upload|send|come)|bring (?:your|a|the))\b",
)  # fmt: skip
RESOLVED = _cue(
    r"(?:已经?|现在|刚刚?)?(?:帮|给|为)您?(?:.{0,10}?)(?:好了|成功|完成|办好|挂失(?:了|成功)|解锁了|开通了"
    r"|取消了|处理好|改好|关闭了|退了)",
    r"(?:挂失|办理|解锁|开通|修改|取消|激活|操作|更新|变更|退款|解除|重置)(?:已经)?(?:成功|完成|好了)"
    r"|已经?(?:为您|帮您|给您)?(?:办理|挂失|开通|取消|解锁|解除|激活|修改|关闭|重置|更新|退)",
    r"(?:可以|能)(?:登录|登|用|打开|进去?|看到|收到)了|(?:收到|到账|看到|解决|弄好|搞定|好使|恢复|成功)了"
    r"|没(?:有)?(?:其他|别的|什么)?(?:问题|疑问|事)了",
    r"\b(?:it(?:'s| is)? (?:works?|working|gone through|sorted|fixed|done|resolved|there)(?: now)?|that(?:'s"
    r"| has)? (?:worked|fixed|sorted|solved|resolved|done))\b"
    r"|\b(?:i(?:'ve| have)|we(?:'ve| have)|has been|have been|is now|are now|card is|it's been) (?:now |just "
    r"|already |successfully )?"
    r"(?:blocked|cancell?ed|unlocked|activated|updated|changed|reset|refunded|reversed|removed|credited|closed"
    r"|opened|set up|unblocked|stopped|frozen)\b"
    r"|\bthat answers\b|\bthat(?:'s| is) (?:all|everything|what) i (?:need|want)\w*\b|\bi can (?:see|log in"
    r"|use) (?:it|in)?\s?now\b|\ball (?:sorted|done|set)\b"
    r"|\bsolved\b|\bgot it working\b",
)  # fmt: skip
UNRESOLVED = _cue(
    r"还(?:是)?(?:没|不)|(?:没|不)(?:能)?解决|(?:没|不)(?:起)?作用|没(?:有)?用|办不了|做不了|处理不了|(?:我"
    r"|要).{0,4}投诉|失望|不用你们|不满意|不接受|不同意|算什么|银保监|监管|12378|找你们领导",
    r"\bstill (?:not|doesn't|isn't|hasn't|can't|no|waiting|locked|blocked)\b|\bnot (?:good enough|acceptable"
    r"|solved|resolved|happy|satisfied)\b"
    r"|\bi(?:'ll| will| want to| am going to|'m going to) (?:complain|file a complaint|escalate"
    r"|close my account|take this)\b|\bdoesn't (?:help|work|solve)\b|\bdisappoint\w*|\bcancel (?:my"
    r"|the) (?:card|account)\b|\btake my (?:money|business)\b"
    r"|\bnobody (?:has|can)\b|\bcan't (?:help|do) (?:you|that|anything)\b|\bombudsman\b|\bunacceptable\b",
)  # fmt: skip
DONT_KNOW = _cue(
    r"(?:不(?:太)?清楚|不(?:太)?确定|不知道|没(?:有)?权限|查不到|需要(?:进一步)?(?:核实|确认|调查))",
    r"\b(?:i(?:'m| am) not sure|i don't know|i(?:'d| would) have to check|can't see|cannot see)\b"
)  # fmt: skip
ALSO = _cue(
    r"还有(?:个|一个|就是|一件)?|另外|顺便|再问",
    r"\balso\b|\banother (?:thing|question)\b|\bone more\b|\bby the way\b|\bwhile i",
)
SMALL_TALK = _cue(
    r"(?:竭诚|很高兴)为您服务|工号|有什么(?:可以|能)帮|还有(?:其他|别的|什么)|满意度|评价|祝您"
    r"|感谢您的?(?:来电|接听|耐心)|请问您?(?:贵姓|怎么称呼)|(?:通话|电话|来电).{0,4}录音"
    r"|(?:中文|英文|英语|普通话)(?:不|说得不)(?:太|是很)?(?:好|流利)|[会能]说?(?:英文|英语|中文)吗",
    r"\bthank you for calling\b|\bhow (?:can|may) i help\b|\banything else\b|\bcalls? (?:may|are|is"
    r"|will) (?:be )?record|\bmy name is\b|\bspeaking\b$"
    r"|\bspeak (?:english|chinese|mandarin)\b|\bmy (?:english|chinese) is\b"
    r"|\bsurvey\b|\bhave a (?:nice|good|great)\b|\bhow are you\b",
)  # fmt: skip

EXPLAINED = _cue(
    r"原因是|因为|由于|所以|需要|规定|条件|最(?:高|多|低|少)|免费|不收|不支持|没(?:有)?办法|没法|无法|不符合"
    r"|不能|[要得]先",
    r"\b(?:because|reason|asked for|require[sd]?|condition|at most|up to|minimum|maximum|no fee|free|due"
    r"|needs?|must|cannot|can't|only)\b",
)
CONDITIONAL = _cue(r"再不|要是|如果|的话", r"\bif\b|\bunless\b|\botherwise\b")
DIRECTED = _cue(  # with a time to come, what is done for the customer is a promise
    r"(?:给|为|跟|和|向|帮|替)您|(?:发|寄|打|答复|回复|通知|联系|退)(?:给|到|至|还)?您",
    r"\b(?:i|we|they|someone|somebody)(?:'ll| will)\b.{0,40}\byou\b",
)
SOON = _cue(r"稍后|晚点|回头|尽快|马上就|随后", r"\b(?:shortly|soon|later)\b")
REFUSAL = _cue(
    r"没(?:有)?办法|无法|不支持|处理不了|办不了|做不了|不符合|不予",
    r"\b(?:can't|cannot|unable to|not able to|not possible|no way)\b",
)
FOUND = _cue(  # the seat has looked it up
    r"看到|查到|查询到|查了|显示|核实到",
    r"\b(?:i can see|i see|let me (?:see|check|have a look)|shows?|according to|you're right)\b",
)
