"""What words make a sentence a fact of which kind: patterns as data, for the client's side and the clinician's.

Patterns are matched on plain, lower-case wording (`wording.plain`). They say what is spoken of, never whether
it is true, felt or meant. The order of a table is the order in which its kinds are tried.
"""

from __future__ import annotations

import re
from typing import TypeAlias

from summarizer.types import FactKind

Cue: TypeAlias = tuple[FactKind, str, re.Pattern[str]]
"""Kind, aspect (may be empty) and what gives it away."""


def _cue(kind: FactKind, aspect: str, pattern: str) -> Cue:
    return kind, aspect, re.compile(rf"\b(?:{pattern})\b", re.I)


KIN = (
    r"mother|mom|mum|father|dad|parents?|brothers?|sisters?|siblings?|grand(?:mother|father|ma|pa"
    r"|parents?)|aunts?|uncles?|cousins?|family"
)
DRUGS = (
    r"\w{3,}(?:pril|sartan|olol|statin|zepam|zolam|oxetine|traline|alopram|faxine|azole|cillin"
    r"|mycin|floxacin|dipine|gliptin|formin|prazole|triptan"
    r"|profen|codone|morphine|pam|lukast|terol|thiazide|semide|parin|xaban|gabalin|gabapentin"
    r"|apine|idone|piprazole)"
    r"|prozac|zoloft|lexapro|celexa|paxil|wellbutrin|bupropion|effexor|cymbalta|trazodone|lithium"
    r"|lamictal|lamotrigine|seroquel|abilify|risperdal"
    r"|xanax|ativan|klonopin|valium|buspar|buspirone|adderall|ritalin|concerta|vyvanse|ambien"
    r"|melatonin|hydroxyzine|naltrexone|suboxone|methadone"
    r"|insulin|lasix|aspirin|tylenol|acetaminophen|advil|motrin|ibuprofen|aleve|naproxen"
    r"|meloxicam|coumadin|warfarin|plavix|synthroid|norvasc|lipitor|zocor"
    r"|crestor|albuterol|inhaler|prednisone|steroids?|antibiotics?|claritin|zyrtec|benadryl"
    r"|allegra|flonase|nexium|prilosec|pepcid|mucinex|ultram|tramadol"
    r"|percocet|vicodin|oxycontin|flexeril|neurontin|lyrica|metoprolol|digoxin|z-?pack"
    r"|vitamin \w+|iron|antidepressants?|birth control"
)
_PSYCHIATRIC_DRUGS = (
    r"prozac|zoloft|lexapro|celexa|paxil|wellbutrin|effexor|cymbalta|trazodone|lithium|lamictal"
    r"|seroquel|abilify|risperdal|xanax|ativan|klonopin|valium"
    r"|buspar|adderall|ritalin|concerta|vyvanse|ambien|antidepressants?|ssri|\w+(?:oxetine"
    r"|traline|alopram|faxine|zepam|zolam|piprazole)|bupropion|hydroxyzine"
)

PSYCHIATRIC_DRUG = re.compile(rf"\b(?:{_PSYCHIATRIC_DRUGS})\b", re.I)

REASON_ASKED = re.compile(
    r"\b(?:what (?:brings|brought) you|reason for (?:your|the|today'?s) visit|what can i (?:do"
    r"|help)|how can i help|what (?:is|seems to be) (?:going on|the (?:problem|matter|trouble"
    r"|issue))"
    r"|what (?:made|makes) you (?:come|decide to come|call)|why (?:are you|did you come) (?:here"
    r"|in)|what happened|what would you like to (?:talk about|work on|focus on|discuss)"
    r"|what has been going on|how (?:have|has) (?:you|things|the week|your week"
    r"|it) been(?! (?!doing|feeling)\w+ing\b)"
    r"|what is (?:on your mind|new)|what are you (?:here|seeing me|coming in) for|chief complaint"
    r"|tell me (?:a little |a bit )?(?:about )?(?:what|why|more about what))\b",
    re.I,
)
"""A clinician's question whose answer is why the client came."""

_PERSON = (
    rf"(?:{KIN}|supervisor|manager|boss|co-?workers?|colleagues?|team|teachers?|professor|landlord"
    rf"|neighbou?rs?"
    r"|husband|wife|spouse|partner|boyfriend|girlfriend|fianc\w+|ex(?:-\w+)?|roommates?|friends?"
    r"|kids?|children"
    r"|sons?|daughters?|mother-in-law|father-in-law|in-laws|he|she|they|someone|somebody|everyone|people|guy)"
)
_DONE_TO_ME = (
    r"(?:(?:shout|yell|scream|swear|swore|snap|laugh|lash|blow|blew|went off|curs|lied)\w*(?: out"
    r"| up)? (?:at|on|to)"
    r"|(?:ignor|criticiz|criticis|humiliat|insult|mock|blam|reject|abandon|bull|betray|cheat"
    r"|accus|dump|exclud"
    r"|belittl|threaten|disrespect|embarrass|undermin|ghost|harass|judg|disappoint|shout)\w*(?: on)?"
    r"|left|turned (?:his|her|their) backs? on|walked out on|broke up with|made fun of"
    r"|talked down to) (?:me|us)\b(?! (?:alone|know|out to|back|that|because))"
)
STRONG_SUPPORT = (
    r"(?:is|are|was|were|been|being) (?:\w+ )?there for me|lean(?:ing|ed)? on|keeps? me (?:going"
    r"|alive|here|sane|grounded)"
    r"|(?:rely|relying|count|counting) on (?:my|him|her|them)|reasons? (?:to|for) (?:live|living"
    r"|keep going)|live for (?:my|them|him|her)"
    r"|(?:has|have|got) my back|(?:is|are|been) (?:\w+ )?supportive|supports? me|my (?:faith"
    r"|church|religion|sponsor|support group"
    r"|congregation)|gets? me (?:through|out of (?:the house|bed))"
)

CLIENT_CUES: tuple[Cue, ...] = (
    _cue("protective", "", STRONG_SUPPORT),
    _cue(
        "homework",
        "done",
        r"(?:did|tried|used|practi[cs]ed|wrote|filled out|completed|kept|been (?:doing|using"
        r"|practi[cs]ing|keeping|writing)|did not (?:do|get to|try)) (?:\w+ ){0,3}"
        r"(?:homework|thought record|thought log|log|journal(?:ing)?|worksheet|breathing"
        r"|exercises? you|technique|skills?|assignment|diary|grounding|meditation)",
    ),
    _cue(
        "measure",
        "",
        r"phq|gad|c-?ssrs|(?:my|a|the) score|out of (?:ten|10|\d+)|(?:a|an|about a|maybe a"
        r"|like a) (?:two|three|four|five|six|seven|eight|nine|ten|\d+) (?:on|out)",
    ),
    _cue(
        "history",
        "trauma",
        r"(?:when i was|as a|since) (?:\w+ ){0,3}(?:kid|child|little|young|teenager)\b.*\b(?:abus\w+"
        r"|hit|beat\w*|molest\w*|rap\w+|neglect\w*)|(?:mother|mom|father|dad|stepfather|stepmother|stepdad|stepmom"
        r"|uncle|he"
        r"|she) (?:used to |would |drank and (?:he |she )?)?(?:hit|beat) (?:us|me)\b|trauma\w*|accident when"
        r"|foster care|car accident"
        r"|combat|house fire",
    ),
    _cue(
        "history",
        "family",
        rf"(?:my|the) (?:{KIN})(?:'s side)? (?:\w+ ){{0,3}}(?:had|has|have|died (?:of|from|at)|passed"
        rf"|was diagnosed|is|was|suffer\w*|struggle\w*|drinks?|drank) (?:\w+ ){{0,5}}(?:cancer"
        rf"|diabetes|depress\w*|anxi\w*"
        r"|bipolar|hospitalized|schizo\w*|alcohol\w*|heart|stroke|hypertension|pressure|addict\w*|asthma|disease"
        r"|dementia|alzheimer\w*|arthritis|cholesterol|suicid\w*|problems)"
        r"|family history|runs in (?:my|the) family|in my family|my (?:mother|father|mom|dad|brother"
        r"|sister|aunt|uncle|grandmother|grandfather)\b.{0,40}\bdiagnosed|(?:on )?my (?:mother|father"
        r"|mom|dad)'s side",
    ),
    _cue(
        "event",
        "stressor",
        rf"{_PERSON} (?:\w+ ){{0,3}}{_DONE_TO_ME}|(?:{_PERSON}) (?:\w+ ){{0,2}}(?:died|passed away"
        rf"|left me|moved out)"
        r"|(?:funeral|miscarriage|bereave\w*|evict\w*|foreclos\w*|custody|laid off|got fired"
        r"|was fired|was demoted|passed over)"
        r"|(?:broke|breaking|split) up\b(?! (?:the|my) )|getting (?:a )?divorced?|lost my (?:job|home"
        r"|house|mother|mom|father|dad|wife"
        r"|husband|son|daughter|baby|brother|sister|dog|cat|best friend)"
        r"|(?:big |huge |bad |terrible |another |an? )(?:fight|argument|falling[- ]out) with",
    ),
    _cue("history", "allergy", r"allerg(?:y|ies|ic)"),
    _cue(
        "history",
        "surgical",
        r"surger(?:y|ies)|operat(?:ion|ed)|ectomy|\w+ectomy|replacement|bypass|c-section|stents?"
        r"|laparoscop\w+|(?:had|have) (?:\w+ ){0,3}(?:removed|replaced|taken out)",
    ),
    _cue(
        "substance_use",
        "",
        r"alcohol\w*|drink(?:ing|s)?(?! (?:water|more water|plenty|enough water|coffee|tea|milk|juice"
        r"|fluids|caffeine|soda))|drank|drunk|beers?|wine|vodka|whisk\w+|liquor|six[- ]pack|sober\w*"
        r"|sobriety|relaps\w+|cravings?|hung ?over|smok(?:e|es|ed|ing)"
        r"|smoker|cigarettes?|tobacco|vap(?:e|ing)|nicotine|packs? (?:a|per) day|weed|marijuana"
        r"|cannabis|pot|cocaine|heroin|opioids?|opiates?|meth|meth\w*amine|fentanyl|drugs?"
        r"|high school drugs|getting high|detox|rehab|twelve[- ]step|aa|na meetings?|dui",
    ),
    _cue(
        "history",
        "psychiatric",
        r"(?:been|was|were|got) (?:\w+ ){0,2}(?:diagnosed with"
        r"|hospitalized for) (?:\w+ ){0,3}(?:depress\w*|anxi\w*|bipolar|ptsd|adhd|ocd|panic|bpd"
        r"|borderline)|psych(?:iatric)? (?:ward|hospital|unit|inpatient)|psychiatrist|(?:saw|seen"
        r"|seeing|see|had|went to) (?:a |my |another )?(?:\w+ )?(?:therapist|counsell?or|therapy)"
        r"|for ptsd|emdr|in therapy|been in counsel\w+|history of (?:depress\w*|anxi\w*|panic)",
    ),
    _cue("medication", "psychiatric", rf"(?:{_PSYCHIATRIC_DRUGS})"),
    _cue(
        "medication",
        "other",
        rf"{DRUGS}|medications?|medicines?|meds?|pills?|tablets?|prescri\w+|refills?|dos(?:e|es|age)"
        rf"|\d+ ?(?:mg|milligrams?|mcg|units?)|milligrams?|eye drops|ointment|cream"
        rf"|over[- ]the[- ]counter|supplements?|vaccin\w+|shots?|side[- ]effects?",
    ),
    _cue(
        "sleep",
        "",
        r"sleep(?:s|ing|y|less)?|slept|asleep|insomnia|nap(?:s|ping|ped)?|wak(?:e|es|ing) up"
        r"|woke(?: up)?|awake|bed ?time|nightmares?|up all night|toss(?:ing)? and turn\w*|night sweats",
    ),
    _cue(
        "appetite",
        "",
        r"appetite|eat(?:s|ing|en)?|ate|meals?|(?:lost|gained|losing|gaining) (?:\w+ ){0,3}(?:weight"
        r"|pounds|lbs)|weight|hungry|overeat\w*|bing(?:e|ing|es)|skip(?:ping|ped)? (?:meals|breakfast"
        r"|lunch)|diet|(?:low|salty|fast|junk) (?:\w+ )?foods?",
    ),
    _cue(
        "energy",
        "",
        r"energy|tired|exhaust\w+|fatigue\w*|worn out|drained|motivat\w+|no drive|sluggish|lethargic"
        r"|run ?down",
    ),
    _cue(
        "trigger",
        "",
        r"(?:when(?:ever)?|every time|each time) (?:i|he|she|they|my|it|someone|people"
        r"|work)\b.*\b(?:i (?:feel|get|start|panic|freeze|cry|shut|want|drink|smoke|can|cannot|just"
        r"|always|end up)|my (?:heart|chest|mind|blood))|triggers?|set(?:s|ting)? me off|mak(?:es"
        r"|ing) me (?:feel|so|want|really|anxious|angry|sad|nervous)|stresses me|(?:brings"
        r"|brought) it on|gets? worse when|worse (?:when|with|at night|if)",
    ),
    _cue(
        "progress",
        "",
        r"(?:feel\w*|felt|doing|getting|got|gotten|been|am|is|are|was|sleep\w*|little|bit|much|lot"
        r"|things|slowly) better|improv\w+|worse(?:ning)?|less (?:anxious|often|stressed|depressed"
        r"|pain|frequent\w*)|more often|help(?:s|ed|ing)(?: me| a lot| some| out)?|easier|(?:a lot"
        r"|much|been|getting) harder|progress|calmer|fewer|managed to|proud of|went well"
        r"|first time in|(?:have|has) not (?:had|been) (?:\w+ ){0,3}(?:since|in)|cut(?:ting)? (?:back"
        r"|down)|got through|able to",
    ),
    _cue(
        "symptom",
        "",
        r"anxi\w+|panick?\w*|depress\w*|sad(?:ness)?|hopeless\w*|helpless\w*|worthless\w*|guilt\w*"
        r"|asham\w+|shame|worr(?:y|ied|ies|ying)|nervous\w*|on edge|irritab\w+|irritat\w+|angry|anger"
        r"|mad|rage|stress\w*|overwhelm\w*|cry(?:ing)?|cried|tearful|numb\w*|lonel\w+|alone|afraid"
        r"|scared|fear\w*"
        r"|terrif\w+|flashbacks?|intrusive|racing|ruminat\w*|overthink\w*|concentrat\w*|focus\w*"
        r"|forget\w*|memory|dissociat\w*|paranoi\w*|hear(?:ing)? voices|hallucinat\w*|obsess\w*"
        r"|mood(?:s|y)?|snap(?:ped|ping)?|frustrat\w+|embarrass\w*|restless\w*|fail(?:ure|ing)"
        r"|burn(?:ed|t) out|burnout|miserable|unhappy|down"
        r"|pains?|painful|ach(?:e|es|ing|y)|\w+aches?|hurt(?:s|ing)?|sore(?:ness)?|nause\w*|vomit\w*"
        r"|thr(?:ow|ew|owing) up|dizz\w*|light-?headed\w*|fever\w*|chills?|cough\w*"
        r"|short(?:ness)? of breath|breath\w*|wheez\w*|chest|swell\w*|swollen|rash\w*|itch\w*|hives"
        r"|tingl\w*|weak(?:ness)?|bleed\w*|blood"
        r"|constipat\w*|diarrhea|bowel\w*|stool\w*|urin\w*|pee(?:ing)?|stiff(?:ness)?|blurr\w*|vision"
        r"|burning|cramp\w*|lumps?|bumps?|spots?|sneez\w*|congest\w*|stuffy|runny|sinus\w*"
        r"|palpitations?|heart (?:rac\w+|pound\w+|beat\w*)|sweat\w*|shak(?:e|es|ing|y)|trembl\w*"
        r"|tremors?|faint\w*|pass(?:ed|ing) out|balance|numb|spasms?|throb\w*"
        r"|sharp|dull|constant|symptoms?|injur\w+|sprain\w*|twist(?:ed)?|popp\w+|limp\w*|infection"
        r"|flare\w*|heartburn|reflux|bloat\w*|throat|discharge|bruis\w+|seizures?|migraines?|fell"
        r"|fallen|trauma",
    ),
    _cue(
        "protective",
        "",
        r"support(?:s|ive|ing|ed)?|reasons? to live|faith|church|pray\w*|god|look(?:ing)? forward"
        r"|keeps? me (?:going|here)|lean on|(?:there|here) for me|(?:love|loves) (?:my|me)"
        r"|best friend|sponsor|my (?:dog|cat|pet)|grateful|hopeful|meditat\w+|yoga|coping|strengths?",
    ),
    _cue(
        "goal",
        "",
        r"i (?:\w+ )?(?:want|hope|plan|would like|would love|need) to|my goal|i am (?:going|trying"
        r"|hoping|planning) to|i will|i should|i have to|i would like my|i wish",
    ),
    _cue(
        "functioning",
        "",
        r"work(?:ing|ed|s)?|jobs?|boss|cowork\w+|deadlines?|school|class(?:es)?|college|grades?"
        r"|homework|chores|shower\w*|get out of bed|dishes|laundry|bills|money|late for|missed"
        r"|call(?:ed|ing) (?:in|out)|isolat\w*|friends?|social\w*|leave the house"
        r"|get out of the house|going out|marriage|relationship|argu\w+|fight(?:s|ing)?|fought"
        r"|walk(?:ing)?|stairs|driv(?:e|ing)|daily|activit\w+|gym|exercis\w+|hik(?:e|ing)|manage",
    ),
    _cue(
        "history",
        "medical",
        r"diagnos\w+|history of|(?:have|had|has|having) (?:\w+ ){0,2}(?:diabetes|high blood pressure"
        r"|hypertension|asthma|arthritis|cancer|thyroid|cholesterol|kidney|heart (?:disease|failure"
        r"|attack)|stroke|copd|reflux|gout|anemia|hepatitis|osteo\w+)|diabetes|high blood pressure"
        r"|asthma|arthritis|thyroid|hospital(?:ized|ization|s)?|emergency room|chicken pox|pregnan\w+"
        r"|chronic|menopause|period",
    ),
    _cue(
        "history",
        "developmental",
        r"grew up|was (?:born|raised|adopted)|my childhood|as a (?:kid|child)"
        r"|when i was (?:a )?(?:kid|child|little|young(?:er)?|in (?:school|high school)"
        r"|\w+ years old)|raised (?:me|by)",
    ),
    _cue(
        "history",
        "social",
        r"married|divorc\w+|separated|single|widow\w*|kids?|children|(?:one|two|three|four|five"
        r"|\d) (?:sons?|daughters?|kids|boys|girls)|sons?|daughters?|live(?:s)? (?:with|alone|in|by)"
        r"|living (?:with|alone)|moved|retired|unemployed|veteran|army|navy|marines|military|deploy(?:ed|ment)"
        r"|immigrant|husband|wife|partner|boyfriend|girlfriend|roommates?|caffeine|coffee|travel\w*",
    ),
    _cue(
        "event",
        "",
        r"(?:last|this|past) (?:week\w*|night|month|year|summer|winter|spring|fall|time|monday"
        r"|tuesday|wednesday|thursday|friday|saturday|sunday)|yesterday|today|(?:a|one|two|three|four"
        r"|five|six|\d+|few|couple(?: of)?) (?:days?|weeks?|months?|years?|hours?) ago|on (?:monday"
        r"|tuesday|wednesday|thursday|friday|saturday|sunday)|since|broke up|died|passed away|funeral"
        r"|lost my|fired|laid off|court|arrest\w*|argument|happened|started|found out|told (?:me|him"
        r"|her|them)",
    ),
)
"""For what a client or family member says, most telling kind first."""

COGNITION = re.compile(
    r"^(?:(?:that|and|but|like|maybe|i (?:just |always |still )*(?:think|believe|know|feel like|feel"
    r"|keep thinking|tell myself|told myself)(?: that)?) )*"
    r"(?:i am (?:just |so |such |always |really |a |an |the |totally |completely |complete "
    r"|total )*(?:worthless|useless"
    r"|failure|loser|burden|idiot|stupid|broken|unlovable|weak|damaged|fraud|impostor|imposter"
    r"|disappointment|mess"
    r"|bad (?:mother|mom|father|dad|parent|wife|husband|person)|terrible (?:mother|mom|father|dad"
    r"|parent|wife|husband|person)"
    r"|not (?:good|smart|strong|worth) (?:enough|anything)|going to (?:fail|be alone|end up alone"
    r"|get fired|lose everything))\b"
    r"|i (?:cannot|can never|never) (?:ever )?(?:do|get) (?:anything|it|things|a thing) right"
    r"|i (?:always|just) (?:ruin|mess up|screw up|fail|disappoint)\b|i ruin everything"
    r"|i (?:will|am going to) (?:never|always) (?:be|find|get|have|amount|feel|do)\b"
    r"|(?:everyone|everybody|nobody|no one) (?:will|would|is going to|must|hates?|thinks?"
    r"|can see|likes?|loves?|cares?|wants|understands|laughs?)\b.*\b(?:me|i|my)\b"
    r"|they (?:all )?(?:will|are going to) (?:all )?(?:think|laugh|judge|hate|fire|notice"
    r"|reject)\b.*\b(?:me|i|my)\b"
    r"|nobody (?:cares|likes me|loves me)|nothing (?:ever |will ever |i do )?(?:works out|matters"
    r"|will work|changes|is (?:ever )?(?:good"
    r"|right|enough))|it is (?:all )?my (?:own )?fault|what if i\b|something is wrong with me"
    r"|if i (?:\w+ ){1,6}\W*(?:then )?(?:i|they|everyone|everybody|people|it|he|she"
    r"|nobody) (?:will|would|am going to|are going to|is going to)"
    r" (?:be (?:fired|alone|rejected|over|a disaster|ruined|judged|embarrassed)|never|all|fail"
    r"|lose|leave|hate|think|laugh|fall apart"
    r"|die|judge|reject|fire|find out|notice|collapse)\b)",
    re.I,
)
"""Thoughts about oneself, others or what will happen, as cognitive therapy writes them down: in quotation marks."""
DEPENDENT = re.compile(
    r"^\W*(?:(?:and|but|so|or|then|well)\W+)*(?:the (?:other|others|rest|remaining|same|second"
    r"|third|latter|former|next)\b(?! (?:day|night|week|morning)\b)"
    r"|the other (?:days|nights|times|ones?)\b|otherwise\b|other times\b|same (?:with|for|thing"
    r"|here|goes)\b|so (?:did|do|does|is|was|am) \w+"
    r"|neither\b|instead\b|except\b|especially\b|not always\b|only (?:then|when|if|because)\b"
    r"|even then\b|which\b"
    r"|because\b|either way\b)",
    re.I,
)
"""Openings of a sentence that says nothing certain without the sentence before it."""
STRONG = re.compile(
    r"\b(?:always|never|every (?:day|night|time)|all the time|cannot|worst|really|so much"
    r"|constantly|nothing|nobody|everything)\b",
    re.I,
)
QUANTITY = re.compile(
    r"\b\d+|\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|thirty|forty|fifty"
    r"|once|twice|half)\b|\b(?:day|week|month|year|hour|minute|night|morning)s?\b|\b(?:since|ago"
    r"|every)\b",
    re.I,
)

SMALL_TALK = re.compile(
    r"\b(?:weather|how are you|nice to (?:see|meet)|good to see|thank(?:s| you)|you'?re welcome"
    r"|good morning|good afternoon|bye|see you|have a (?:good|great|nice)|excuse me|parking"
    r"|traffic"
    r"|happy (?:birthday|holidays)|dragon|hey siri|football|game last night|that is (?:great|good"
    r"|right|true|fine|awesome)|sounds (?:good|great)|of course|no problem|makes sense)\b",
    re.I,
)

# ── the clinician ────────────────────────────────────────────────────────────────────────────────────────

_BODY = (
    r"lungs?|heart|abdomen|belly|neck|throat|ears?|nose|eyes?|pupils?|skin|knees?|hips?"
    r"|shoulders?|elbows?|wrists?|hands?|fingers?|foot|feet|ankles?|legs?|arms?|back|spine|chest"
    r"|lymph nodes|thyroid"
    r"|blood pressure|pulse|temperature|oxygen|heart rate|weight|reflexes|strength|vitals?"
    r"|vital signs|breath(?:ing)? sounds?|range of motion|gait|extremities|tonsils|sinuses|mouth"
    r"|nails?|toes?|thumbs?|sensation"
)
EXAMINATION = re.compile(
    rf"\b(?:on (?:your |the )?(?:physical |musculoskeletal |heart |lung |skin |knee "
    rf"|back )?(?:exam|examination)|your (?:\w+ ){{0,3}}(?:{_BODY})\b(?: \w+){{0,3}} (?:is|are|was"
    rf"|were|looks?|sounds?|feels?|seems?)\b"
    rf"|i (?:do |do not |can |also |still )?(?:hear|appreciate|palpate|observe|note|notice) (?:a"
    rf"|an|some|any|no|the|that|mild|bilateral|\w+ing|\w+ness)\b|tender(?:ness)?\b|edema|erythema"
    rf"|murmur|effusion|crepitus|range of motion is|(?:lungs|heart) (?:is|are|sounds?) "
    r"|(?:no|some|mild|slight|bit of|little) (?:swelling|redness|bruising|tenderness|wheezing"
    r"|rash|fluid|crackles|rales|rhonchi|warmth|drainage|erythema|pain)|vital(?:s| signs) (?:look"
    r"|are|were)|positive (?:\w+ )?(?:test|sign)|decreased \w+|(?:normal|regular) (?:rate|rhythm"
    r"|strength|gait|range|reflexes))",
    re.I,
)
RESULT = re.compile(
    r"\b(?:x-?rays?|ct(?: scan)?|mri|ultrasounds?|echo(?:cardiogram)?|ekg|ecg|labs?|lab (?:work"
    r"|results?)|blood ?work|blood test|a1c|hemoglobin|cholesterol|(?:lipid|metabolic) panel"
    r"|biops(?:y|ies)|results?|readings?|scans?|cultures?|urinalysis|pft|pulmonary function"
    r"|white (?:blood )?(?:cell )?count|creatinine|mammogram|colonoscopy|test)\b"
    r".*\b(?:show(?:s|ed|ing)?|is|was|are|were|look(?:s|ed)?|came back|normal|reveal(?:s|ed)?"
    r"|within|elevated|positive|negative|low|high|indicat\w+|demonstrat\w+)\b",
    re.I,
)
IMPRESSION = re.compile(
    r"\b(?:i (?:do )?(?:think|believe|feel|suspect) (?:that )?(?:you|you have|your|this|it|that"
    r"|we are dealing)|(?:for|from|in terms of|regarding|with) your (?:first|second|third|fourth"
    r"|last|next|other)? ?(?:problem|issue|diagnosis|complaint)|you (?:likely |probably |do |may "
    r"|might |also |most likely )*have (?:a |an |some |what|mild |acute |chronic )\w+"
    r"|(?:looks?|seems?|appears?) (?:like|that) (?:you have|you had|it is|this is|your|you are)"
    r"|consistent with|my (?:assessment(?! and)|impression|diagnosis|concern)|(?:this|it|that) (?:is"
    r"|could be|may be|might be|looks like|sounds like) (?:a |an |most likely |likely |probably "
    r"|due to |caused by |called )+\w+|(?:stable|well[- ]controlled|under control|out of control"
    r"|uncontrolled|not controlled)"
    r"|you(?: are|'re| have| have been) (?:really |actually |definitely )?(?:making"
    r"|made) (?:\w+ )?progress|i(?: can|'ve)? (?:see|seen|notice\w*) (?:\w+ ){0,3}(?:progress"
    r"|improvement|change))\b",
    re.I,
)
STATED_OBSERVATION = re.compile(
    r"\b(?:i (?:notice|noticed|can see|see|can tell|observe)(?: that)? (?:you|some tears|tears"
    r"|a tear|your (?:eyes|voice|face|shoulders|hands|leg|breathing))\b|you (?:seem|look|appear"
    r"|sound)(?:ed)? (?!like\b|here|at\b|up\b|back\b|her\b|it\b)(?:a (?:little|bit) |really "
    r"|very |more |so |pretty |much )*\w+)\b",
    re.I,
)
IDENTIFYING = re.compile(
    r"\b(?:\d+|[a-z]+(?:-| )?(?:one|two|three|four|five|six|seven|eight"
    r"|nine)?)[- ]years?[- ]old\b|\bpast medical history\b|\bpresents? (?:today |here )?(?:for"
    r"|with|to)\b|\bhere (?:today )?(?:for|with)\b.*\b(?:he|she|male|female|man|woman|patient)\b",
    re.I,
)
RECALLED = re.compile(
    r"\b(?:i have (?:here )?that (?:you|your)\b|i (?:see|know|understand|saw|read|heard"
    r"|remember)(?: here)?(?: that)?(?: it (?:says"
    r"|said))? (?:that )?(?:you|your|it says you)\b|last time (?:you|we)|you (?:told|mentioned"
    r"|said|were (?:saying|telling|endorsing|complaining))|it (?:says"
    r"|looks like) (?:here )?(?:that )?you(?: had| have| were| are)?\b|your (?:chart|history"
    r"|paperwork|report) (?:says|shows|states))",
    re.I,
)
MEASURE_STATED = re.compile(
    r"\b(?:phq|gad|c-?ssrs|audit|bdi|pcl|questionnaire|scored?|scores)\b.*(?:\d+|\b(?:two|three"
    r"|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
    r"|seventeen|eighteen|nineteen|twenty)\b)",
    re.I,
)

COMMAND_TO_DEVICE = re.compile(
    r"\bhey,? (?:dragon|dax|siri|google|alexa)\b|\bdragon,"
    r"|\bthis dax\b|\bdax (?:back|to)\b",
    re.I,
)
