/* Every English sentence of the page, and nothing else: a translation is another file like this one.

   Sentences with figures or names in them are functions. Words of the server (its errors, the notice, the
   attestation) are not here: they are shown as they come. */

const many = (count, one, more) => (count === 1 ? one : more.replace("#", String(count)));

export const S = {
  product: "Ambient scribe",
  skip: "Skip to the content",
  loading: "Reading…",
  back: "Sessions",
  cancel: "Cancel",
  close: "Close",
  dismiss: "Dismiss",
  unreachable:
    "The scribe does not answer. Is it still running? Start it with `scribe serve`, then try again.",
  unexpected: (status) => `The scribe answered with status ${status} and no explanation.`,
  notice: "Recogniser",
  pageTitle: (view) => `${view} · Ambient scribe`,

  roles: {
    clinician: "Clinician",
    client: "Client",
    family: "Family",
    interpreter: "Interpreter",
    other: "Other",
  },
  templates: {
    birp: "BIRP progress note",
    dap: "DAP progress note",
    discharge: "Discharge summary",
    girpp: "GIRPP progress note",
    history_and_physical: "History and physical",
    intake: "Intake and biopsychosocial assessment",
    physical_soap: "SOAP note of a medical visit",
    pie: "PIE progress note",
    sirp: "SIRP progress note",
    soap: "SOAP progress note",
    treatment_plan: "Treatment plan",
  },
  states: {
    awaiting_consent: "Waiting for consent",
    ready: "Ready to record",
    recording: "Recording",
    paused: "Off the record",
    interrupted: "Cut off",
    interrupted_paused: "Cut off, off the record",
    ended: "No note yet",
    in_review: "Draft to review",
    signed: "Signed",
    revoked: "Consent revoked",
    shredded: "Shredded",
  },

  signIn: {
    title: "Sign in",
    lead: "This page shows what was said in confidence, so it opens only with the access token of this machine.",
    how: "In a terminal on this machine, run",
    command: "scribe token",
    then: "and open the link it prints, or paste the token here.",
    token: "Access token",
    submit: "Sign in",
    empty: "Paste the access token first.",
    organisationLead: "This page shows what was said in confidence, so it asks your organisation who you are.",
    organisation: "Sign in with your organisation",
  },
  signOut: "Sign out",
  refusals: {
    provider_unreachable: "Your organisation's sign-in does not answer. Try again in a while.",
    not_verified:
      "What your organisation's sign-in answered could not be verified. Sign in again; if that does not help, tell whoever administers this server.",
    no_role: "Your organisation's sign-in gives you no role here. Ask whoever administers it for one.",
    account_disabled: "Your account here is disabled. Ask whoever administers this server.",
    attempt_over: "That sign-in took too long or was begun in another window. Sign in again.",
    declined: "Your organisation's sign-in did not let you in. Try again.",
    other_person: "Somebody else came back from the sign-in than the person who is signed in here. Nothing was confirmed.",
    not_fresh: "Your organisation's sign-in did not ask anew who you are, so nothing was confirmed.",
  },

  sessions: {
    title: "Sessions",
    empty: "No session yet",
    emptyLead: "A session appears here when it has been heard. Begin with one of these in a terminal:",
    transcribe: "scribe transcribe FILE",
    transcribeWhat:
      "hears a recording of a consented session and drafts its note. The recording itself is not kept.",
    demo: "make demo",
    demoWhat: "opens a made-up sample session on a page of its own.",
    count: (count) => many(count, "One session, newest first", "# sessions, newest first"),
    receipt: "Receipt",
    receiptOf: (when) => `Receipt of the session of ${when}`,
    shred: "Shred…",
    shredOf: (when) => `Shred the session of ${when}`,
    noAudio: "nothing heard",
    keyGone: "Its transcript and note cannot be recovered. The receipt stays.",
  },

  shred: {
    title: "Shred this session?",
    lead: (when) =>
      `The session of ${when}: its key is destroyed, and with it the transcript, the note and who took part.`,
    stays:
      "What stays is the discard receipt and the audit trail, which hold no words. Nobody can undo this.",
    signed: "This note is signed and part of a record. Save a copy first if the record has to be kept.",
    understood: "I do not need the transcript or the note any more",
    submit: "Shred for good",
    done: "The session is shredded.",
  },

  receipt: {
    title: "What became of the recording",
    all: (received) =>
      `${received} of sound came in. All of it was transcribed and then overwritten in memory.`,
    parts: (received, transcribed, discarded) =>
      `${received} of sound came in, of which ${transcribed} were transcribed and ${discarded} overwritten in memory.`,
    none: "No sound is kept, here or anywhere else.",
    retained: (bytes) => `${bytes} bytes of sound are still held.`,
    heard: (when, recognizer, model, version) =>
      `Heard ${when} by ${recognizer} (${model}), ambient-scribe ${version}.`,
    hash: "SHA-256 of this receipt",
    previous: "SHA-256 of the receipt before it",
    missing: "The receipt is written when the session ends.",
  },

  consent: {
    missing: (who, scopes) => `Consent is missing from ${who}: ${scopes}.`,
    and: " and ",
    scopes: { record: "recording", transcribe: "transcription", draft: "drafting" },
  },

  review: {
    note: "Note",
    transcript: "Transcript",
    draftWord: "Draft",
    draftRest: "not reviewed, not signed, not part of the record",
    signedWord: "Signed",
    signedRest: (name, when) => `by ${name} on ${when}. This note does not change any more.`,
    toSign: "Go to signature",
    blocking: (count) => many(count, "1 to resolve", "# to resolve"),
    advisory: (count) => many(count, "1 to consider", "# to consider"),
    blockingLong: (count) =>
      many(
        count,
        "Go to the finding that must be resolved before signing",
        "Go to the first of # findings that must be resolved before signing",
      ),
    advisoryLong: (count) =>
      many(count, "Go to the finding to consider", "Go to the first of # findings to consider"),
    notYet: {
      awaiting_consent:
        "This session waits for consent. Nothing is heard before every participant has agreed.",
      ready: "Everyone has agreed. Nothing has been heard yet.",
      recording: "This session is being recorded. The note is drafted when it ends.",
      paused: "This session is off the record at the moment. The note is drafted when it ends.",
      interrupted:
        "The recording was cut off. It can be taken up again by whatever recorded it; or end the session here, and what was heard is drafted.",
      interrupted_paused:
        "The recording was cut off while off the record. End the session, and what was heard before is drafted.",
      ended: "The session has ended and no note was drafted: too little was said, or drafting failed.",
      revoked: "Consent was revoked. This session cannot be drafted any more.",
    },
    leaveTitle: "Leave without saving?",
    leaveLead: "What you are writing is not saved yet.",
    leave: "Leave",
    end: "End the session",
    ended: "The session has ended.",
    ending: "Ending the session and drafting the note…",
    draft: "Draft the note",
    again: "Look again",
    shredded: "This session was shredded",
  },

  risk: {
    title: "Risk statements",
    lead: "In the speaker’s own words. Nothing is scored or softened.",
    asked: "Asked",
    unasked: "Said without being asked",
    polarity: { affirmed: "Affirmed", negated: "Denied", uncertain: "Unclear" },
  },

  section: {
    notDiscussed: "Not discussed in the session.",
    write: "Write",
    writeIn: (title) => `Write a sentence in ${title}`,
    add: "Add a sentence",
    addTo: (title) => `Add a sentence to ${title}`,
    redraft: "Redraft",
    redraftOf: (title) => `Redraft ${title}`,
    redrafting: "Drafting the section again…",
    redrafted: (title) => `${title} was drafted again.`,
    copy: "Copy",
    copyOf: (title) => `Copy ${title}`,
    copied: (title) => `${title} is on the clipboard.`,
    copyRefused: "The browser did not allow the copy. Select the text and copy it by hand.",
    removed: (count) => many(count, "1 sentence taken out", "# sentences taken out"),
    putBack: "Put it back",
    putBackHint: "It returns as a sentence of your own, without evidence.",
    putBackDone: "The sentence is back, as one of your own.",
    editTitle: (title) => `Redraft ${title}?`,
    editLead: (count) =>
      many(
        count,
        "One change of yours in this section would be lost.",
        "# changes of yours in this section would be lost.",
      ),
    editRest: "Other sections stay as they are.",
  },

  statement: {
    evidence: (times) => `Evidence at ${times}`,
    noEvidence: "no evidence in the transcript",
    edit: "Edit",
    editOf: (text) => `Edit: ${text}`,
    remove: "Remove",
    removeOf: (text) => `Remove: ${text}`,
    editor: "The sentence, in your words",
    writer: "A sentence of your own",
    save: "Save",
    keys: "Enter saves, Escape cancels",
    saved: "Saved.",
    removed: "The sentence is taken out. It can be put back below its section.",
    edited: "Edited by you",
    draftedAs: "Drafted as",
    written: "Written by you",
    inferred: "Inferred",
    context: "From what you gave before the session",
    corrected: "This line was corrected after the draft; it said:",
    show: "Show in the transcript",
    empty: "A sentence needs words; to take it out, use Remove.",
    finishFirst: "Save or cancel what you are writing first.",
  },

  finding: {
    blocking: "Must be resolved",
    advisory: "To consider",
    accept: "It may stand",
    acceptOf: (detail) => `It may stand: ${detail}`,
    justify: "Give a reason…",
    reason: "Why it may stand",
    submit: "Keep with this reason",
    orElse: "Edit or remove the sentence, or say why it may stand.",
    accepted: "You let it stand.",
    justified: (reason) => `You let it stand: ${reason}`,
    edited: "Resolved by your edit.",
    done: "Resolved.",
  },

  draft: {
    change: "Change template or length",
    template: "Template",
    detail: "Length",
    details: { brief: "Brief", standard: "Standard", detailed: "Detailed" },
    term: "The client is called",
    submit: "Draft again",
    drafting: "Drafting the note again…",
    done: "The note was drafted again.",
    loseTitle: "Draft the whole note again?",
    loseLead: (count) =>
      many(
        count,
        "One change of yours would be replaced by the new draft.",
        "# changes of yours would be replaced by the new draft.",
      ),
    loseRest: "What stood here before is kept in the note’s history, not on this page.",
    stale: "The transcript was corrected after this draft was made.",
  },

  speakers: {
    title: "Who is who",
    voice: (speaker) => `Voice ${speaker}`,
    sure: (percent) => `guessed from the words, ${percent} % sure`,
    channel: "by its own microphone channel",
    confirmed: "confirmed by you",
    nobody: "Not assigned",
    says: "says",
    submit: "Confirm",
    saving: "Saving, and drafting again…",
    done: "The speakers are confirmed.",
    doneDrafted: "The speakers are confirmed and the note was drafted again.",
    ask: "Please check who is who: the note follows it.",
    loseTitle: "Confirm and draft again?",
  },

  transcript: {
    lead: "Choose a sentence of the note to see what it rests on. Choose a line here to see what rests on it.",
    line: (time, who) => `${time}, ${who}: show what rests on this line`,
    rests: (count) => many(count, "1 sentence rests on this line.", "# sentences rest on this line."),
    restsNothing: "Nothing in the note rests on this line.",
    correct: "Correct",
    correctOf: (time) => `Correct the line at ${time}`,
    corrected: "corrected",
    editor: "What was said in this line",
    saved: "The line is corrected.",
    empty: "A line needs words.",
    none: "Nothing was transcribed.",
    pause: "Off the record",
    resume: "On the record again",
    mark: "Mark",
    gap: "Not heard",
  },

  sign: {
    title: "Signature",
    lead: "With your signature the note becomes part of the record and does not change any more.",
    blocked: (count) =>
      many(
        count,
        "One finding must be resolved before you can sign:",
        "# findings must be resolved before you can sign:",
      ),
    whole: "About the whole note",
    name: "Name",
    credentials: "Credentials",
    credentialsHint: "as they stand on your licence, for example LCSW or PhD",
    token: "Access token",
    tokenHint: ["Signing asks for it again. ", "scribe token", " prints it."],
    confirmLead:
      "Before you sign, your organisation's sign-in asks once more who you are. You can then sign for five minutes.",
    confirm: "Confirm who you are",
    submit: "Sign the note",
    attest: "Tick the statement above to sign.",
    missing: (field) => `Fill in: ${field}.`,
    done: "The note is signed.",
    signedBy: "Signed by",
    hash: "SHA-256 of the note and the signature",
  },

  addenda: {
    title: "Addenda",
    none: "None so far.",
    kinds: { addendum: "Addendum", correction: "Correction", late_entry: "Late entry" },
    kindHints: {
      addendum: "something new that was not available then",
      correction: "something in the note is wrong",
      late_entry: "something that was left out",
    },
    open: "Add to this note",
    kind: "Kind",
    text: "Text",
    submit: "Add",
    done: "Added. The original stays as it was signed.",
    hash: "SHA-256",
  },

  export: {
    title: "Save",
    draftTitle: "Save a draft",
    lead: "Evidence quotes stay here; only JSON, for a platform that holds the transcript anyway, has them.",
    draftLead: "Every draft carries a watermark. The final note can be saved once it is signed.",
    formats: { markdown: "Markdown", text: "Text", html: "HTML", json: "JSON" },
    as: (format) => `Save as ${format}`,
    asDraft: (format) => `Save the draft as ${format}`,
    done: (name) => `${name} is saved.`,
  },

  provenance: (p) =>
    `Drafted by ${p.engine} (${p.engine_model}) with template ${p.template} ${p.template_version}, ` +
    `from what ${p.recognizer} (${p.recognizer_model}) heard; voices told apart by ${p.speakers}.`,
};
