"""The contract check (合同质检): a contract against a standard of clauses, and against itself."""
