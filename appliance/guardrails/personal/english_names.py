"""Given names and surnames that are common where banks have customers, and endings that mark a surname.

Own compilation. A given name that is also a common word stands in `AMBIGUOUS`: it needs context.
"""

from appliance.guardrails.personal.word_sets import words

GIVEN = words(
    """
    aaron abby abdul abdullah abigail ada adam adele adrian adriana agnes ahmad ahmed aida aidan aiko aino aisha
    akira alan alana albert alberto aldo alec alejandra alejandro aleksandar aleksander aleksandr aleksandra aleksei
    alessandra alessandro alex alexander alexandra alexandre alexei alexis alfonso alfred alfredo ali alice alicia
    alina alison allan allen allison alma alvaro amanda amber amelia amina amir amit amy ana anastasia anders andras
    andre andrea andreas andreea andrei andres andrew andrey andrzej andy angel angela angelica angelina angelo
    angus anika anil anita anja anke ann anna annabel anne annemarie annette annie annika anselm anthony antje
    antoine anton antonella antonia antonio anya april archie ariana ariel armando arne arnold artem arthur arturo
    arun asa asha ashley asta astrid attila audrey august aurora austin axel ayesha ayumi barbara barry bartosz
    beata beatrice beatriz becky bela ben benedikt benjamin bernadette bernard bernd bernhard bernice bert bertha
    beth bethany betty beverly bianca bill billy birgit birgitta birgitte bjarne bjorn björn blake bo bob bobby
    bogdan bonnie boris brad bradley brandon brenda brendan brent brett brian bridget brigitte britta bruce bruno
    bryan bryce bryony burak caitlin caleb callum calvin cameron camila camilla camille carina carl carla carlo
    carlos carmen carol carole carolina caroline carolyn carrie carsten casey caspar cassandra catalina caterina
    catherine cathy cecilia cecilie cedric celia celine cesar chad charlene charles charlie charlotte chelsea cheryl
    chiara chloe chris christa christel christian christiane christina christine christoph christopher cindy claire
    clara clarence claude claudia claudio claus clemens clifford clive clyde colette colin colleen connie connor
    conrad constance cora corinne cornelia craig cristian cristiano cristina curtis cynthia cyril dagmar daisuke
    daisy dale dalia damian damien dan dana daniel daniela daniele danielle danny daphne daria dariusz darlene
    darrell darren daryl dave david davide dawn dean debbie deborah debra deepak delia denis denise dennis derek
    desmond diana diane diego dieter dimitri dirk dmitri dmitry dolores domenico dominic dominik dominique don
    donald donna dora dorian doris dorothea dorothy dorte doug douglas duncan dustin dwayne dylan ebba eddie edgar
    edith edmund edna eduard eduardo edward edwin eero eileen einar elaine eleanor elena eleni elias elif elijah
    elin elisa elisabeth elise elizabeth ella ellen ellie elliot elliott elmer elsa elsie elvira emanuel emil emilia
    emilie emilio emily emma emmanuel enrico enrique eric erica erich erik erika erin ernest ernesto ernst erwin
    esben esteban estelle esther ethan eugene eva evan eve evelyn evgeny ewa ewan fabian fabio faith farah fatima
    federica federico felicia felicity felipe felix ferdinand fernanda fernando fiona flora florence florian frances
    francesca francesco francis francisca francisco franco francois frank frans franz françois fraser fred freda
    freddy frederic frederick frederik frieda friedrich fritz gabor gabriel gabriela gabriele gabriella gareth gary
    gavin gemma gene geoffrey georg george georges georgia georgina gerald gerard gerda gerhard gertrude gilbert
    giles gina giorgio giovanna giovanni gisela giulia giuseppe gladys glen glenda glenn gloria goran gordon grace
    graham grant greg gregor gregory greta grigory grzegorz guido guillaume guillermo gunnar gunther gustav guy gwen
    gábor hailey hakan hamza hana hanna hannah hanne hannes hans haoran harald harold harriet harris harry hartmut
    harvey hassan hazel heath heather hector heidi heike heikki heinrich heinz helen helena helene helga helge
    helmut henri henrietta henrik henry herbert herman hermann hilary hilda hilde hiroshi holger holly homer horst
    howard hubert hugh hugo hussein ian ibrahim ida ignacio igor ilona ilse ilya imre ines inga inge ingeborg inger
    ingrid irena irene irina iris irma isaac isabel isabella isabelle ismail istvan istván ivan ivana ivo ivy iwona
    jaakko jack jackie jacob jacqueline jacques jade jaime jake jakob jakub james jamie jan jana jane janet janice
    janina janine janos jari jarmo jasmin jasmine jason javier jay jean jeanette jeanne jeff jeffery jeffrey jelena
    jennifer jenny jens jeremy jerome jerry jesper jesse jessica jessie jesus jiahao jianguo jill jim jimmy jing
    jiri joachim joan joanna joanne joao joaquin jochen jodie joe joel johan johanna johannes john johnny jon jonas
    jonathan jorge jose josef josefina joseph josephine joshua josé joy joyce jozsef juan juanita judith judy julia
    julian juliana julie julien juliet julio julius june jurgen justin justine jutta jyoti jános józsef jörg jürgen
    kaisa kamal kamil karel karen kari karim karin karina karl karla karoline karsten kasper kate katerina katharina
    katherine kathleen kathryn kathy katie katja katrin katrina katrine katy kay kazuko keiko keith kelly kelvin ken
    kenji kenneth kerry kerstin kevin khalid kim kimberly kirk kirsten kirsty kjell klara klaus knud konrad
    konstantin kristen kristian kristin kristina kristine kristof krystyna krzysztof kumar kurt kyle károly lance
    lara larisa larry lars lasse laszlo laura laurel lauren laurence laurent lauri laurie lawrence lea leah lee
    leena leif leila lena leo leon leona leonard leonardo leonid leroy leslie lester leticia lewis lidia lihua liisa
    lila lilian lillian lily lina linda lindsay lindsey linus lionel lisa lise liv liz lloyd logan lois lola lorena
    lorenzo loretta lori lorraine lotte louis louisa louise luc luca lucas lucia luciano lucie lucille lucinda lucy
    ludwig luigi luis luisa luka lukas lukasz luke luna luther lydia lynn lászló mackenzie madeleine madison mads
    magda magdalena magnus maja malcolm malin manfred manuel manuela mara marc marcel marcelo marcia marco marcos
    marcus marek margaret margarita margherita margit margot marguerite mari maria mariah marian mariana marianne
    marie marija marika marilyn marina mario marion marisa marissa marius marjorie mark marko markus marlene marlon
    marta martha martin martina marvin mary maryam masako massimo mateo mateusz mathias mathieu mathilde matilda
    matt matteo matthew matthias matti maud maureen maurice mauricio maurizio max maxim maxime maximilian maxine
    megan mehdi mehmet meiling melanie melinda melissa melvin mercedes meredith merja mette mia michael michaela
    michal michel michela michele michelle mick miguel mihai mika mikael mike mikhail mikko mila milan mildred
    milena milos mina ming minna mira miranda miriam miroslav mitchell moana mohamed mohammad mohammed moira mona
    monica monika monique morten moses muhammad murat muriel myra myriam nadia nadine nancy naomi natalia natalie
    natasha nathan nathaniel neal neha neil nelly nelson nicholas nick nicola nicolas nicole niels nigel nikita
    niklas nikola nikolai nikolaj nils nina noah noel noemi nora norbert noriko norma norman octavia odd olaf ole
    oleg olga oliver olivia olivier omar orlando oscar oskar osman ottilie otto owen pablo paige pamela paola paolo
    pascal pascale pat patricia patrick patrik patsy paul paula paulette pauline paulo pavel pawel pearl pedro peggy
    pekka penelope penny per perry peter petr petra petri philip philipp philippe phillip phoebe phyllis pia piero
    pierre pieter piotr pirjo poul priya rachel radek rafael rahul raija raimo raj rajesh ralf ralph ramon ramona
    randall randy raphael raquel rasmus raul ravi ray raymond rebecca regina reginald reinhard renata renate rene
    renee reto rhonda ricardo riccardo richard rick ricky riitta rita rob robert roberta roberto robin robyn rocco
    rodney rodrigo roger roland rolf roman romeo ron ronald ronnie rory rosa rosalie rosalind rosanna rosario
    rosemary rosie ross roxanne roy ruben rudolf rudy rune rupert russell ruth ryan sabina sabine sabrina sally
    salvatore sam samantha samir samuel sandeep sandor sandra sandy sanjay santiago sara sarah sari sasha satu saul
    scott sean sebastian selma serena serge sergei sergey sergio seth shane shannon sharon shaun shauna sheila
    shelley sheryl shirley sibylle sidney sidsel siegfried sigrid silke silvia simon simona simone sofia sofie
    solveig sonia sonja sophia sophie soren stacey stacy stan stanislav stanley stefan stefania stefanie steffen
    stella stephan stephane stephanie stephen steve steven stewart stuart sue sunil susan susana susanna susanne
    suzanne sven svetlana sylvia sylvie sándor søren tamara tamas tamás tanja tanya tara tarek taru tatiana tatjana
    ted terence teresa terry tessa thea thelma theo theodor theodore theresa therese thierry thomas thorsten tiffany
    tiina tim timo timothy tina tobias todd tom tomas tomasz tommy toni tony torben torsten tracey traci tracy
    travis trevor tristan troy tuula tyler ulf ulla ulrich ulrike umberto ursula uta uwe vaclav valentin valentina
    valeria valerie vanessa vasily vera verena vernon veronica veronika vesna vicente vicky victor victoria vijay
    viktor viktoria ville vilma vincent vincenzo viola violet violeta virginia vitaly vito vittoria vivian vivien
    vladimir václav wade waldemar walter wanda warren wayne wei weiwei wendy werner wesley wilfred wilhelm willem
    william willie willy winifred wojciech wolfgang xavier xiaohong xiaoli xiaoming yana yann yasmin yasmine yifan
    yoko yolanda yousef youssef yuki yuko yuri yusuf yuxuan yvette yvonne zachary zara zdenek zihan zoe zofia zoltan
    zoltán zsofia zuzana
    """
)
AMBIGUOUS = words(
    """
    carolina spirit bell jersey
    alexandria angel april august aurora austin bill bo bond chase chelsea christian daisy dale dawn dean don drew
    eve faith florence frank gene georgia glen grace grant guy harry heath holly hope iris ivy jackson jade jan
    jasmine jay jean jing joy june kay kim king lance laurel lee lily logan lorraine luna madison mark max may
    mercedes mike milan miles ming nelson odd olive orlando page paris pat pearl penny per perry price ray regina
    rich rick rob robin roman rosario rose ruby sam san sandy santiago sasha scott sterling sue sydney tony troy
    valencia victor victoria viola violet virginia wade warren wei will young
    """
)
SURNAMES = words(
    """
    adams adamson ahmed alexander allen alvarez anderson andersson andrews armstrong arnaud arnold atkinson bailey
    baker baldwin ballard banerjee barker barnes barnett barrett barros barry bates bauer becker begum bell bennett
    benson bernard berry bertrand bianchi bishop black blair blake blanc boyd bradley brady braun brennan brewer
    briggs brooks brown bruce bryant buchanan burgess burke burns burton butler byrne caldwell cameron campbell
    carlson carpenter carr carroll carter castillo castro chambers chan chandler chang chapman chavez chen cheng
    choi chopra chowdhury christensen christiansen clark clarke clausen cohen cole coleman collins colombo conner
    connolly conti contreras cook cooper costa cox craig crawford cruz cunningham curtis dahl daniels das davidson
    davies davis dawson day dean delgado desai diaz dixon dominguez doyle dubois duffy duncan dunn dupont duran
    durand eaton edwards elliott ellis espinoza estrada evans farrell ferguson fernandes fernandez ferrari ferreira
    fields fischer fisher fitzgerald fleming fletcher flores flynn ford foster fournier fowler fox francis franklin
    fraser freeman fuchs fuentes fuller gallagher garcia gardner garner garrett garza george gibson gilbert gill
    girard gomes gomez gonzales gonzalez goodman goodwin gordon graham gray green greene greer griffin griffiths
    gross guerrero gupta gutierrez guzman haas hahn hale hall hamilton hammond hansen hansson hardy harper harris
    harrison hart hartmann harvey hawkins hayes heikkinen henderson henry hernandez herrera hicks higgins hill ho
    hoffman hoffmann holland holm holmes holt hopkins horn horton horvath houghton howard howell huang huber hudson
    hughes hunt hunter hussain hussein iglesias ivanov jackson jacobs jain james jansen jansson jenkins jennings
    jensen jimenez johansen johansson johns johnson johnston jones jordan joseph joshi juarez kaiser kaminski kapoor
    karlsson kaur keller kelley kelly kennedy kent khan kim king klein knight koch kovacs kowalski kramer krause
    kruger kumar lambert lang lange larsen larson larsson laurent lawson le leblanc lee lehmann lehtonen leon
    leonard leroy lewis li lim lin lindberg lindgren liu lloyd logan long lopes lopez lorenz lowe lucas lund lynch
    lyons macdonald mackenzie mahler maier maldonado malik malone mann manning marino marquez marsh marshall martin
    martinez martinsen mason matthews maxwell may mayer mcbride mccarthy mccoy mcdonald mcdonnell mcgrath mckenzie
    mclaughlin mclean medina mehta meier mejia mendez mendoza mercier meyer meza michaels miles miller mills mishra
    mitchell mohammed molina moller montgomery moore mora morales moran moreau moreno morgan morris morrison
    mortensen moser muller munoz murphy murray myers müller nagy nair nakamura nash navarro neal nelson neumann
    newman newton nguyen nichols nielsen nieminen nilsen nilsson noble nolan norman norris novak nowak nunez obrien
    ochoa oconnor oliveira oliver olsen olson olsson ortega ortiz osborne owens padilla palmer park parker parsons
    patel patterson paul pearson pedersen pena pereira perez perkins perry persson peters petersen peterson petrov
    pham phillips pierce popov porter potter powell price quinn rahman ramirez ramos ramsey rao rasmussen ray reed
    reeves reid reilly reyes reynolds rhodes ribeiro ricci rice richards richardson richter riley rios rivera
    roberts robertson robinson robles rocha rodrigues rodriguez rogers rojas roman romero rose ross rossi roth
    rousseau roux rowe roy rubio ruiz russell russo ryan salazar salinas sanders sandoval santana santiago santos
    saunders schaefer schmid schmidt schmitt schneider schroeder schultz schulz schulze schwartz schwarz scott
    serrano shaffer shah sharma sharp shaw shelton shepherd sheppard silva simmons simon simpson singh skinner
    smirnov smith snider snyder sokolov solomon sorensen soto souza sparks spencer stanley steele stein stephens
    stevens stevenson stewart stone stuart suarez sullivan sutton suzuki svensson swanson tan tanaka tang taylor
    teixeira thapa thomas thompson thomson thornton todd toivonen torres townsend tran tucker turner vargas vasquez
    vaughan vazquez vega velasquez vidal villanueva virtanen vogel volkov wagner walker wallace walsh walter walters
    wang ward warner warren washington waters watkins watson watts weaver webb weber webster weiss welch wells
    werner west wheeler white williams williamson willis wilson winkler winter wolf wolfe wong wood woods wright wu
    xu yamada yamamoto yang yates young yu zhang zhao zhou zhu zimmerman zimmermann
    """
)
# Endings of surnames, Slavic, Nordic, Baltic, Hungarian, German, Iberian, Armenian, Georgian, Italian and Japanese.
SURNAME_ENDINGS = tuple(
    words(
        """
        sson ssen nsen rsen lsen tsen dsen dóttir dottir ová ova eva ovich evich ović ević ić vić ski ska cki
        cka sky skaya skiy enko chuk czyk czak wicz inen lainen escu eanu yan ian shvili adze poulos akis idis
        oğlu oglu mann meyer bauer stein berg ström strom gren quist lund dahl ez ffy házy gaard ellini etti
        elli ucci acci ssi moto mura yama zawa kawa shima guchi
        """
    )
)
PARTICLES = words(
    """
    de da do dos das del della di du la le van von der den ten ter bin al el ibn af av zu y e
    """
)
TITLES = words(
    """
    mr mrs ms miss mx dr prof professor sir madam lady lord rev judge captain sergeant mme herr frau
    """
)
