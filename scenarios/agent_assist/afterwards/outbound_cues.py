"""Words by which a customer shows on an outbound call where they stand."""

import re

from .shapes import ObjectionKind


def _cue(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


NOT_THEM = _cue(
    r"打错了|不是(?:他|她)?本人|我不是(?:他|她|这个人)|(?:他|她|机主)(?:现在)?不在|不认识(?:这个人|他|她)"
    r"|没这个人|没有这个人",
    r"\bwrong number\b|\b(?:he|she)(?:'s| is) (?:not (?:here|in|available|home)|out)\b|\bno one (?:by|of) that name\b"
    r"|\bi(?:'m| am) (?:his|her) (?:wife|husband|son|daughter|mother|father|partner)\b",
)  # fmt: skip
GO_AHEAD = _cue(
    r"(?:我|那)?(?:就)?(?:要|想|来)(?:买|办|申请|开(?:一个|一张|通|户)|存|投|订|认购|做)(?!什么)|帮我(?:办|开"
    r"|申请|预约|登记|报名|留|买|存|操作)|给我(?:办|开|申请|留|报)"
    r"|(?:怎么|如何|在哪(?:里|儿)?)(?:办|买|申请|开通|操作|报名|认购)|(?:需要|要)带(?:什么|哪些)|(?:现在|马上"
    r"|今天|直接)(?:就)?(?:能|可以)?(?:办|买|申请|开)(?!会|车)"
    r"|那就(?:办|买|存|这个|这么)|就(?:办|买|存|选)(?:这个|它|一个|一张)|我(?:过去|去|到)(?:网点|支行"
    r"|你们)(?:办|看|签|谈)",
    r"\b(?:sign me up|let's do it|let's go ahead|go ahead with|count me in|i'll take (?:it|one|that)|i(?:'d"
    r"| would) like to (?:apply|open|invest|go ahead|proceed"
    r"|sign up|buy|take|put)|i want to (?:apply|open|invest|go ahead|proceed|sign up|buy)|how do i (?:apply"
    r"|sign up|open|get started|buy|invest)"
    r"|what do i need to (?:bring|do|sign)|where do i sign|book me|i'll come in|put me down"
    r"|send me the (?:form|forms|application|contract))\b",
)  # fmt: skip
HELD_BACK = _cue(
    r"(?:不|没|别|先不|暂时不)(?:要|想|打算|准备)?(?:买|办|申请|开|存|投|帮我|给我)|如果|要是|的话|等.{1,8}再",
    r"\b(?:don't|do not|not|never|if|unless|before)\b",
)
REFUSE = _cue(
    r"不(?:需要|感兴趣|想要|想办|想买|想了解|考虑|办|买|用了|用谢谢|要了|要$)|没(?:有)?兴趣|(?:没|没有)(?:这个"
    r"|这方面的?)?(?:需要|需求|打算|想法)|不必了|用不(?:着|上)|算了(?:吧)?|不了(?:谢谢|，|$)|别(?:再)?(?:打"
    r"|推销)",
    r"\b(?:not|never|isn't|wasn't|am not|aren't) (?:really |at all |very |that )?(?:interested|for me"
    r"|my thing)\b|\bno[,]? (?:thank you|thanks|thank)\b|\bno interest\b"
    r"|\b(?:don't|do not) (?:need|want)\b|\bno need\b|\bi(?:'ll| will) pass\b|\bi(?:'m| am) (?:good|fine"
    r"|all set)\b(?! with)|\bforget it\b|\bnot going to\b|\bnot for me\b",
)  # fmt: skip
PUT_OFF = _cue(
    r"(?:以后|下次|明年|年底|年后|下半年|下个?月|过段时间|过阵子|改天|到时候|有需要|需要的时候"
    r"|有钱了?).{0,6}(?:再说|再看|再联系|再考虑|再聊|找你们?)|再说吧|再看吧|(?:现在|暂时|目前|最近"
    r"|这阵子).{0,4}(?:不需要|没有?(?:钱|需要|打算|这个)|不考虑|不办|手头紧)",
    r"\b(?:maybe|perhaps|possibly) (?:later|another time|next (?:year|month)|some other time|in (?:a few"
    r"|the))\b|\bnot (?:right now|at the moment|just now|for now|this year|at this time)\b"
    r"|\bsome other time\b|\banother time\b|\bwe'll see\b|\bi'll (?:let you know|see)\b",
)  # fmt: skip
WARM = _cue(
    r"(?<![不没])(?<!没有)(?<!不太)(?:感|有)(?:点|些|一点|一些)?兴趣|(?:我|再|要|得)?(?:考虑|想想|想一想|琢磨"
    r"|商量|研究)(?:一下|看看|考虑|下)?(?!.{0,3}不)|(?:发|传|寄)(?:个|点|份|一份)?(?:资料|介绍|链接|短信|材料"
    r"|微信)?(?:给我|我看|过来)"
    r"|(?:可以|想|愿意)(?:先)?(?:了解|看看|听听)|听(?:着|起来)(?:还)?(?:不错|可以|挺好)|(?:还)?(?:不错|挺好"
    r"|挺划算|蛮好)|想(?:知道|听听|问问|了解)|(?:你)?(?:说说|讲讲|介绍一下)|加(?:个|一下|我)?微信",
    r"\b(?:sounds?|looks?) (?:good|interesting|great|nice|attractive|reasonable)\b"
    r"|(?<!not )(?<!n't )(?<!not really )(?<!not very )(?<!not at all )\b(?:quite |very |really "
    r"|kind of )?interested\b"
    r"|\b(?:think|mull) (?:about )?it(?: over)?\b|\bthink about (?:it|that)\b|\b(?:send|e-?mail"
    r"|text) me (?:some|the|more|a|an)?\s?(?:details|information|info|link|brochure|leaflet|material|summary"
    r"|figures|email|e-mail|something)"
    r"|\btell me more\b|\btalk (?:it|this|that) (?:over|through) with\b|\b(?:discuss|speak|check) (?:it "
    r"|this )?with my\b|\bi(?:'d| would| do)? (?:like|want) to (?:know|hear|learn|see|find out)\b|\bcurious\b"
    r"|\bi might\b|\bconsider (?:it|that)\b|\bnot bad\b",
)  # fmt: skip
ABOUT_IT = _cue(
    r"利率|利息|收益|年化|手续费|年费|费用|多少钱|期限|多久|多长时间|几年|条件|要求|额度|门槛|起(?:存|购|投)"
    r"|风险|保本|随时|取|赎回|提前|优惠|权益|流程|资料|区别|怎么(?:算|还|收|回事)|什么(?:产品|活动|时候)|免息"
    r"|分期|划算",
    r"\b(?:rate|rates|interest|return|returns|yield|fee|fees|cost|costs|charge|term|long|minimum|maximum|limit"
    r"|risk|risks|guaranteed|withdraw|early|access|condition|conditions"
    r"|eligible|qualify|difference|benefits?|how does|how much|what's the|what is the|insured|protected|offer)\b",
)  # fmt: skip
OFFER = _cue(
    r"(?:了解|介绍|兴趣|需要|考虑|方便|办理|预约|安排|发(?:一份|给)?|登记|参加|过来|到网点|加).{0,24}(?:吗"
    r"|好不好|行不行|怎么样|呢|？|\?)",
    r"\b(?:interested|would you like|shall i|can i|could i|may i|do you want|are you|is that|how about"
    r"|would (?:that|tomorrow|it)|does that)\b.{0,90}\?",
)  # fmt: skip
STEP = _cue(
    r"办理|申请|开通|预约|登记|报名|到网点|来网点|安排|签",
    r"\b(?:apply|application|book|appointment|sign|open|set (?:it|that) up|register|go ahead|start)\b"
)  # fmt: skip
YES = _cue(
    r"^(?:好|可以|行|嗯|对|没问题|方便|要|需要)",
    r"^(?:yes|yeah|yep|sure|ok|okay|fine|please do|go on|go ahead|that works|that's fine|alright|sounds good"
    r"|absolutely|definitely|why not)\b"
)  # fmt: skip
NO = _cue(r"^(?:不|没|别|算了)", r"^(?:no|nope|nah|not)\b")
WORRY = _cue(
    r"怕|担心|会不会|万一|真的假的|是不是骗|不会是",
    r"\b(?:afraid|worried|worry|what if|concern\w*|too|really|how do i know)\b",
)
STRONG = _cue(r"太|骗|不|亏|没|跌|赔", r"\b(?:too|scam|not|don't|never|already|busy|lose|lost|no)\b|n't\b")
OBJECTIONS: dict[ObjectionKind, re.Pattern[str]] = {
    "price": _cue(
        r"太贵|(?:有点|挺|好|这么|比较)贵|(?:利率|利息|费率|手续费|年费|费用|成本|月供|价格|价钱).{0,6}(?:太"
        r"|有点|比较|这么|还是|偏|挺)高|(?:收益|利率|利息|回报).{0,6}(?:太|有点|比较|这么|偏|才这么"
        r"|还是)?(?:低|(?<!多)少)(?!于)"
        r"|不划算|不合算|划不来|(?:别的|其他|人家|别家|隔壁).{0,8}(?:银行|行|家).{0,8}(?:更?(?:低|高|便宜"
        r"|优惠)|好)|没(?:什么)?优惠|收费(?:太|这么)",
        r"\b(?:too|so|very|pretty|bit|rather|quite) (?:expensive|pricey|costly|dear|high|low|steep)\b"
        r"|\bcan(?:'t|not) afford\b|\bcheaper\b|\bbetter (?:rate|deal|offer|interest)\b|\bnot worth\b"
        r"|\bcosts? too\b"
        r"|\b(?:rate|return|interest|yield)(?: is|'s| seems)? (?:low|poor|not (?:great|good|high))\b"
        r"|\bfees? (?:are|is|seem)(?: too| so| pretty| quite)? (?:high|much)\b|\btoo much\b|\bmore than (?:i"
        r"|we) (?:pay|want)\b",
    ),
    "trust": _cue(
        r"骗子|骗人|诈骗|骗(?:我|钱|局)|不(?:太)?(?:相信|信任|信|放心|靠谱)|靠谱吗|真的假的|真的吗"
        r"|怎么知道你(?:是|们)|你怎么(?:有|知道)我|谁知道你|是不是骗|哪来的我|(?:信息|号码|电话).{0,3}哪(?:来|儿来|里来)|怎么(?:会)?有我|信不过|忽悠|上次.{0,12}(?:骗|坑)"
        r"|坑(?:过|我|人)|怎么证明",
        r"\bscam\w*\b|\bfraud\w*\b|\bhow do i know\b|\b(?:don't|do not) (?:really )?(?:trust|believe)\b"
        r"|\bis this (?:real|legit\w*|genuine)\b|\bare you (?:really|actually) (?:from|the)\b"
        r"|\bsounds? (?:fishy|suspicious|dodgy|too good)\b"
        r"|\bhow did you get my\b|\bprove (?:it|that|you)\b|\bmisled\b|\bburn(?:ed|t) (?:before|last)\b"
        r"|\bnot comfortable\b",
    ),
    "no_need": _cue(
        r"不需要|用不(?:着|上)|没(?:有)?(?:这个|这方面的?|什么)?(?:需要|需求|必要)|不用(?:了|谢谢)"
        r"|没(?:什么)?用|不缺(?:钱)?|没(?:有)?(?:要)?(?:贷款|理财|办卡)的(?:打算|想法|需求)|没(?:有)?打算",
        r"\b(?:don't|do not|won't|wouldn't) (?:really |actually )?(?:need|use)\b|\bno need\b|\bno use for\b"
        r"|\bnot (?:something )?i(?:'d)? (?:need|use)\b|\bdon't have (?:a|any) (?:need|use)\b|\bhave no need\b",
    ),
    "time": _cue(
        r"(?:在|正)(?:开会|开车|忙|上班|上课|外面|路上|吃饭|高铁|带孩子)|没(?:有)?(?:时间|空|功夫)|(?:现在"
        r"|这会儿?|今天)?不(?:太)?方便(?!的)|(?<!不)(?<!不太)(?<!别)(?<!帮)忙(?:着|得|死|$|，|呢)|要开会"
        r"|赶时间|挂了啊?$",
        r"\b(?:i'm|i am|bit|very|really|quite|so|too) busy\b|\bin a (?:meeting|rush|hurry)\b|\b(?:i'm"
        r"|i am)(?: \w+)? (?:driving|at work|working|on the (?:train|road))\b|\b(?:don't|haven't|no"
        r"|do not)(?: really)?(?: have| got)?(?: the| any| much)? time\b"
        r"|\b(?:bad|not a good|not the best|inconvenient) (?:time|moment)\b|\bcan(?:'t|not) talk\b"
        r"|\bin the middle of\b",
    ),
    "risk": _cue(
        r"风险.{0,6}(?:太|比较|有点|挺|很|这么|会不会)?(?:大|高)|(?:怕|担心|万一).{0,10}(?:亏|赔|损失|跌|风险"
        r"|取不出|没了|套|暴雷|爆雷)|会不会.{0,4}(?:亏|跌|赔|没了|损失)|亏(?:了|过|本|钱|怕|损|得)|赔(?:了|钱"
        r"|本)|不(?:想|愿意?|敢).{0,4}(?:冒险|亏|承担|担风险)|暴雷|爆雷|跌(?:了|得|成|这么)|不保本|不稳定?"
        r"|被套",
        r"\b(?:too|very|quite|so|bit|pretty) risky\b|\b(?:afraid|worried|scared|don't want|do not want"
        r"|can't afford|hate) (?:of |about |to )?(?:los\w+|the risk|risk\w*|tak\w+ (?:the |any )?risks?)\b"
        r"|\blost (?:money|a lot|a fortune|\w+ percent|\w+ thousand)\b"
        r"|\bwhat if (?:it|the market|i) (?:lose|drop|fall|crash|go)\w*\b|\b(?:don't|do not) (?:want"
        r"|like)(?: to take)?(?: any| the)? risks?\b|\bmarkets? (?:is|are|has|have) .{0,16}(?:volatile|down"
        r"|bad|crash\w*|unstable)\b|\btoo volatile\b|\brisk(?:s)? (?:is|are|seems?) (?:too )?(?:high|big"
        r"|great)\b",
    ),
    "already_has": _cue(
        r"够用|(?:已经|都|早就)(?:在.{1,8})?有[一两二三四五六几好别]|(?:已经|都|早就|早)(?:在.{1,8})?(?:有|买"
        r"|办|开|存|做|投)(?:过|了|好|一)|我有(?:了|一张|好几|两张|别的|其他|你们|其它|在)|(?:在)?(?:别的|其他"
        r"|其它|别家|另外)?(?:银行|家)(?:已经)?(?:有|买|办|存|贷)(?:了|着|过)|刚(?:刚)?(?:买|办|存|做|还)(?:了"
        r"|过|完|清)|有好几张|(?:钱|资金)都(?:存|投|放|买)",
        r"\balready (?:have|got|hold|has|own|bank|invested|using|covered|signed|took|taken)\b|\bi(?:'ve"
        r"| have) (?:got )?(?:one|two|three|enough|plenty|several|a few)(?: of)?\b|\b(?:happy|fine|satisfied"
        r"|good) with (?:my|the one|what|our)\b"
        r"|\bi(?:'m| am) with (?:another|a different|\w+ bank)\b|\bi (?:just|recently) (?:bought|opened|got"
        r"|took|signed)\b|\bhave (?:mine|that|it) (?:with|at|elsewhere)\b",
    ),
}  # fmt: skip
PRODUCT = _cue(
    r"信用卡|白金卡|金卡|理财(?:产品)?|大额存单|定期存款|结构性存款|基金(?:定投)?|保险|消费贷|信用贷|装修贷"
    r"|经营贷|车贷|房贷|贷款|账单分期|现金分期|分期|黄金|国债|养老金账户|个人养老金|手机银行",
    r"\b(?:credit card|platinum card|gold card|savings account|fixed deposit|time deposit|term deposit"
    r"|certificate of deposit|structured deposit|wealth (?:management )?product|mutual fund|index fund"
    r"|bond fund|fund|insurance"
    r"|personal loan|home loan|car loan|mortgage|loan|instal?lment plan|pension account|bonds?|mobile banking)s?\b",
)  # fmt: skip
KEEP_IN_TOUCH = _cue(
    r"再(?:联系|给您|打)|联系您|给您(?:打|来电|回)", r"\b(?:call|contact|ring|phone|send|text|e-?mail) you\b"
)
