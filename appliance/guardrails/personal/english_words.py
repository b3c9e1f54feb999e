"""English words that begin with a capital without being a person's name."""

from appliance.guardrails.personal.word_sets import words

# Words that begin sentences, and those of letters, banks and calendars.
COMMON = words(
    """
    a about above according account accounting accounts action active actual add additional address adjusted
    administration advance adventure after again against age agent agreement ai all already also although always am
    amazon amex amount an and animation annual another answer any anyone anything apartment api app apple application
    approved apt are area article as asset assets assistant at atm attention attn audit auditor authority available
    average award awarded back balance bank banking base based be because become been before behind below benefit
    benefits best between bill billing billy's board bond bonds born bot both branch bring budget building business but
    buy buyer by call caller can cancel capital capitalised capitalized captain card cards care case cash cautionary
    celebrating center central centre chairman change charge charges chart check cheers cheque chief child children
    choose city civil claim class clear client clients close code come comedy commission committee common company
    compare compensation competition complete condition conditions congratulations contact content continue contract
    control cool copy corporate cost costs could council country county credit crime crown currency current customer
    customers daily data date day days dear debit debt december decision department deposit deposits desk details
    development did digital direct directed director directors discount division do document documents does dollar done
    down driven driver due during each early earnings east eastern economic education effective either electronic email
    employee employees employment end energetic energy english enough enter entertainment equity error estate euro
    europe even event every everyone everything example exchange excuse executive expense expenses experience express
    external facebook fact fair family father fax february federal fee fees few figure file film final finance financial
    find fine first fiscal five fixed flat flight floor follow for foreign form former four free friday friend friends
    from front full fund funds further future gain game general get give given go god going gold good goods goodwill
    google government great greetings gross group guide had half happy has have he head health hello help helped her
    here hers hey hi high his history hold holiday home hope hospital hour hours house how however human i iban idea
    identity if important in inc include included income increase index individual industry info information initial
    inject insurance interest internal international internet into investment investments investor invoice is issue
    issued it item items its january job joint journal july june just keep key kids kind king know labor lady language
    large last late law lead learn least left legal let letter level liabilities life like limit limited line linkedin
    list little live loan loans local location london long look looking lost love low ma'am machine made mail main major
    make man management manager many map march mark market marketing markets mastercard may maybe me mean meet meeting
    member members message microsoft million minister minor miss mission mobile model monday money month monthly more
    morning mortgage most mother move moved movie mr mrs ms much music must my mystery name national need net never new
    news next nice night no non none nor normal north northern not note notes nothing notice notwithstanding november
    now number october of off offer office officer official often ok okay old on once one online only open operating
    operations operator opinion option options or order orders ordinary organization other others our out outside over
    own page paid part parties partner partners party passport password past patient pay payment payments paypal payroll
    pension people per percent period person personal phone pin place plan planning plans play please point police
    policy poor position possible post power premium present president press previous price prices primary prime
    principal private problem process producer product products professional profit program project promised property
    protection provide public purchase quarter queen question questions quite rate rates rather re read real really
    receipt received record reference regards region regional register regular regulation related relationship remember
    repayment report reports request required research reserve resident resource resources response rest restaurant
    result results retail retirement return revenue review right rights risk road room royal rule rules run safe salary
    sale sales same saturday save savings say school science search season second secondary secretary section secure
    securities security see segment sell send senior september series serious service services set settlement share
    shared shareholder shareholders shares she ship short should show side sign simple since sincerely single sir site
    six size small so social software sold some someone something song sorry source south southern special ssn staff
    standard start state stated statement statements states status stay still stock stop store story street strong
    student subject such suite summary sunday super supply support sure suspense swift system systems table take talk
    tax team technology tell teller ten term terms test than thank thanks that the their them then there therefore these
    they thing things think third this those though three through thursday time title to today together tomorrow too top
    total trade trading transaction transfer transport travel treasury tribute true trust try tuesday twitter two type
    under union unit united university unlike until up update upon urgent us use user users using valid valuation value
    various very via vice video view visa visit vs wait waiting want was way we website wednesday week weekly welcome
    well were west western what when where whereas whether which while white who whole whom whose why wife will wire
    with within without woman women word words work working world worst would wow write written wrong year years yes
    yesterday yet yield you young your yours zip zone
    """
)
PLACES = words(
    """
    africa america american angeles asia australia australian austria austrian beijing belgian belgium berlin boston
    brazil brazilian britain british bulgaria california canada canadian chicago chile china chinese colombia
    croatia cyprus czech danish denmark diego dubai dutch egypt england english estonia europe european finland
    finnish florida france francisco french geneva german germany greece greek greenland hong hungary iceland india
    indian indonesia iran iraq ireland irish israel italian italy japan japanese kenya kong korea korean london
    luxembourg madrid malaysia malta mexican mexico milan moscow munich netherlands norway norwegian ontario
    pakistan paris philippines poland polish portugal portuguese republic romania rome russia russian scotland
    serbia shanghai shenzhen singapore slovakia slovenia spain spanish sweden swedish swiss switzerland sydney
    taiwan texas thailand tokyo toronto tunisia turkey uk ukraine uruguay usa vienna vietnam wales washington york
    zealand zurich
    """
)
ORGANISATIONS = words(
    """
    act ag agency airlines association authority avenue bank bill boulevard capital club co code college commission
    committee company consulting corp corporation council court department drive energy enterprises exchange
    financial foundation fund gmbh group highway holding holdings hospital hotel inc industries institute insurance
    international investments journal labs lane league llc llp ltd markets media ministry motors orchestra partners
    party pharmaceuticals plc post press road sa securities services society software solutions square street
    systems technologies technology terrace times treaty tribune trust university weekly
    """
)
