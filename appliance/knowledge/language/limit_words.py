"""Words that make a figure a limit, in both languages."""

import re

UPPER = re.compile(
    r"不超过|至多|最多|最高|最长|上限|以内|以下|不得超过|不高于|at most|up to|maximum|no more than|not exceed|within"
    r"|longest"
    r"|highest|no later than|no longer than|limit",
    re.IGNORECASE,
)
LOWER = re.compile(
    r"不少于|至少|最低|最少|最短|下限|起存|起点|以上|不低于|满|at least|minimum|no less than|lowest|smallest|shortest"
    r"|or more",
    re.IGNORECASE,
)
