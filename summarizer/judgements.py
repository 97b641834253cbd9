"""What only a clinician may say, and only aloud: mental status, diagnoses, levels of risk.

A statement's words and what was said in, the kinds of judgement that nobody spoke out. From audio nobody can see
appearance, affect or eye contact; a diagnosis and a level of risk are never an engine's to add.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_UNSEEN: tuple[tuple[str, str], ...] = (
    (r"(?<!to )(?<!not )(?<!n't )(?<!may )(?<!will )(?<!can )(?<!would )\baffect\b(?! (?:on|of|her|his"
     r"|their|my|the|how|whether|me|them)\b)",
      r"\b(?:your|flat|blunted|bright|full|constricted|euthymic) affect\b|\baffect (?:is|was|looks"
       r"|seems)\b|\baffect\b[:,]"),
    (r"\beye contact\b", r"\beye contact\b"),
    (r"\b(?:well[- ]|un)?groom(?:ed|ing)\b", r"\bgroom"),
    (r"\bhygiene\b(?<!sleep hygiene)", r"\bhygiene\b"),
    (r"\bdishevel\w*|\bunkempt\b|\bneatly\b", r"\bdishevel|\bunkempt\b|\bneat"),
    (r"\b(?:casually|appropriately|well)[- ]dressed\b|\bdressed (?:appropriately|casually|neatly)\b"
     r"|\battire\b", r"\bdress|\battire\b"),
    (r"\bpsychomotor\b", r"\bpsychomotor\b"),
    (r"\bgait\b", r"\bgait\b|\bwalk"),
    (r"\btearful\w*", r"\btear|\bcry|\bcri"),
    (r"\b(?:client|patient|he|she|they|clinician)?\s*appear(?:s|ed|ance)\b", r"\bappear"),
    (r"\b(?:client|patient|he|she|they) (?:also )?(?:seem(?:s|ed)|look(?:s|ed))\b(?! (?:forward|at|for"
     r"|after|into|up|back)\b)", r"\bseem|\blook"),
    (r"\bpresent(?:s|ed) as\b|\bpresented (?:calm|anxious|sad|alert)\b", r"\bpresent"),
    (r"\b(?:euthymic|dysphoric|dysthymic|labile)\b", r"\b(?:euthymic|dysphoric|dysthymic|labile)\b"),
    (r"\b(?:flat|blunted|constricted)\b(?! (?:on|tire|feet|foot|out|stomach|surface))",
     r"\b(?:flat|blunted|constricted)"),
    (r"\bcongruent\b", r"\bcongruent\b"),
    (r"\bposture\b", r"\bposture\b|\bsit(?:ting)? up"),
    (r"\bfidget\w*", r"\bfidget"),
    (r"\brestless\w*", r"\brestless"),
    (r"\b(?:un)?cooperative\b", r"\bcooperat"),
    (r"\b(?:alert|oriented)\b(?: and oriented| to| x ?\d| times)?|\bA&?Ox?\d\b|\borientation (?:is|was"
     r"|intact)\b", r"\boriented\b|\balert\b|\borientation\b"),
    (r"\binsight\b(?! into the problem)", r"\binsight"),
    (r"\bjudge?ment\b(?! of\b|s\b)", r"\bjudg"),
    (r"\bspeech (?:is|was|normal|of normal|clear|pressured|rapid|slowed|within)\b|\b(?:pressured|normal"
     r"|clear|coherent|slurred) speech\b", r"\bspeech\b|\bspeak|\btalk(?:ing)? (?:fast|so fast|slow)"
      r"|\bslur"),
    (r"\bthought (?:process|content|form)(?:es)?\b|\b(?:goal[- ]directed|tangential|circumstantial)\b",
     r"\bthought (?:process|content|form)|\bgoal[- ]directed\b|\btangential\b|\bcircumstantial\b"),
    (r"\b(?:memory|attention|concentration|cognition) (?:is|was|are|were"
     r"|appears?) (?:grossly )?(?:intact|normal|good|unimpaired|within)\b|\bgrossly intact\b",
      r"\b(?:memory|attention|concentration|cognition|intact)\b"),
    (r"\bmood (?:is|was) (?:euthymic|congruent|stable|appropriate)\b",
     r"\b(?:euthymic|congruent|stable|appropriate)\b"),
    (r"\b(?:mental status|MSE)\b", r"\bmental status\b|\bMSE\b"),
)  # fmt: skip
"""(what a statement claims, what must have been said for it): pairs of patterns."""

_DIAGNOSES: tuple[tuple[str, str], ...] = (
    (r"\bmeets? (?:the )?(?:full )?(?:diagnostic )?criteria\b", r"\bcriteria\b"),
    (r"\bdiagnos(?:is|es|tic|ed)\b|\bprovisional\b", r"\bdiagnos|\bprovisional\b"),
    (r"\bconsistent with\b", r"\bconsistent with\b"),
    (r"\b(?:indicative|suggestive) of\b|\bsuggests? (?:a |an )?(?:\w+ ){0,2}(?:disorder|depression"
     r"|episode)\b", r"\b(?:indicat|suggest)"),
    (r"\bdisorder\b", r"\bdisorder\b"),
    (r"\brule[ds]?[- ]out\b", r"\brul(?:e|ed|es|ing) (?:\w+ ){0,3}out\b"),
    (r"\bdifferential\b", r"\bdifferential\b"),
    (r"\blikely (?:has|have|represents|due to|related to|secondary to)\b",
     r"\b(?:likely|probably|think|might|may)\b"),
    (r"\b(?:MDD|major depressi\w+)\b", r"\bMDD\b|\bmajor depress"),
    (r"\b(?:GAD(?!-?\s?7)|generali[sz]ed anxiety)\b", r"\bGAD\b|\bgenerali[sz]ed anxiety"),
    (r"\bPTSD\b|\bpost-?traumatic\b", r"\bPTSD\b|\bpost-?\s?traumatic"),
    (r"\bOCD\b|\bobsessive[- ]compulsive\b", r"\bOCD\b|\bobsessive"),
    (r"\bADHD\b|\battention[- ]deficit\b", r"\bADHD\b|\bADD\b|\battention[- ]deficit"),
    (r"\bBPD\b|\bborderline personality\b", r"\bBPD\b|\bborderline"),
    (r"\bbipolar\b|\bmani[ac]\w*\b|\bhypomani\w+", r"\bbipolar|\bmani|\bhypomani"),
    (r"\bschizo\w+|\bpsychosis\b|\bpsychotic\b", r"\bschizo|\bpsycho(?:sis|tic)"),
    (r"\bdysthymi\w+|\bcyclothymi\w+", r"\bdysthymi|\bcyclothymi"),
    (r"\b(?:alcohol|opioid|substance|cannabis)[- ](?:use disorder|dependence|dependent)\b",
     r"\bdependen|\buse disorder|\baddict|\balcoholi"),
    (r"\b[FGZR]\d{2}(?:\.\d{1,3})\b|\bDSM(?:-?(?:5|IV|V))?\b|\bICD\b",
     r"\b[FGZR]\d{2}\b|\b[FGZR]\d{2}\.\d|\bDSM\b|\bICD\b"),
    (r"\b(?:anorexia|bulimia|agoraphobia|dissociative|autis\w+|personality)\b (?:nervosa|disorder"
     r"|spectrum)?", r"\b(?:anorexi|bulimi|agoraphob|dissociat|autis|personality)"),
)  # fmt: skip

_LEVELS: tuple[tuple[str, str], ...] = (
    (r"\b(low|moderate|medium|mild|high|elevated|imminent|minimal|acute|chronic|increased|no"
     r"|significant)(?:[- ]to[- ]\w+)? "
     r"(?:(?:acute|current|imminent|overall|level of) )*(?:(?:suicid\w+|safety|self-harm|homicid\w+"
      r"|violence) )?risk\b(?! (?:of infection|factors?))", ""),
    (r"\brisk(?: level)?(?: for \w+)?(?: (?:is|was|remains|assessed|assessed as|rated|deemed|considered"
     r"|appears))*:? (?:as |at )?"
     r"(low|moderate|medium|mild|high|elevated|imminent|minimal)\b", ""),
    (r"\brisk (?:level|rating|stratification)\b", r"\brisk (?:level|rating)"),
    (r"\bnot (?:a|an imminent|in imminent|at) (?:danger|risk)\b|\bno (?:imminent|acute) (?:danger|risk"
     r"|safety concerns?)\b", r"\b(?:danger|at risk|safety concern)"),
    (r"\b(?:client|patient|he|she|they|and) (?:is|are|was|remains?) (?:considered |deemed "
     r"|currently )?safe\b|\bsafe (?:to|for) (?:discharge|go home|outpatient)\b", r"\bsafe"),
    (r"\b(?:no|denies any) safety concerns?\b", r"\bsafety|\bsafe\b"),
    (r"\bcontract(?:s|ed) for safety\b", r"\bcontract"),
)  # fmt: skip


def unspoken(words: str, said: Sequence[str], given: Sequence[str] = ()) -> tuple[tuple[str, str], ...]:
    """(kind, what is wrong) for each kind of judgement in `words` that is in neither `said` nor `given`.

    `words` are a statement's without what it quotes; `given` is what the clinician gave beside the recording.
    """
    evidence = " \n ".join((*said, *given))
    found = []
    if _any(_UNSEEN, words, evidence):
        found.append(
            ("not_from_audio", "What can only be seen, or is the clinician's to judge, was not spoken of.")
        )
    if _any(_DIAGNOSES, words, evidence):
        found.append(("diagnosis", "A diagnostic judgement stands in no evidence."))
    if _any(_LEVELS, words, evidence):
        found.append(("risk_level", "A level of risk stands in no evidence."))
    return tuple(found)


def _any(table: Sequence[tuple[str, str]], words: str, evidence: str) -> bool:
    for claimed, needed in table:
        for match in re.finditer(claimed, words, re.I):
            need = (
                needed
                or rf"\b{match.group(1)}\b(?:\W+\w+){{0,4}}\W+risk"
                rf"|\brisk\b(?:\W+\w+){{0,5}}\W+{match.group(1)}\b"
            )
            if not re.search(need, evidence, re.I):
                return True
    return False
