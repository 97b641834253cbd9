/* Types of the client. Bodies of REST calls are those of the OpenAPI document. */

export type Role = "clinician" | "client" | "family" | "interpreter" | "other";
export type Encoding = "pcm_s16le" | "pcm_f32le" | "mulaw" | "alaw";
export type FactStatus = "found" | "pinned" | "discarded";
type Json = Record<string, unknown>;

export interface Participant {
  id: string;
  role: Role;
  label?: string;
  pronouns?: string;
  channel?: 0 | 1 | null;
}
export interface Consent {
  participant_id: string;
  method: "written" | "electronic" | "verbal";
  statement_version: string;
  given_at: string;
  scope?: ("record" | "transcribe" | "draft")[];
  jurisdiction?: string;
}
export interface NewSession {
  template?: string;
  participants: Participant[];
  consents?: Consent[];
  context?: Json;
  clinician?: string;
}
export interface Session extends Json {
  id: string;
  state: string;
  stream: { url: string; token: string; expires_at: string } | null;
}
export interface Word {
  text: string;
  start: number;
  end: number;
  probability: number;
}
export interface Receipt extends Json {
  session_id: string;
  seconds_received: number;
  seconds_transcribed: number;
  seconds_discarded: number;
  bytes_retained: number;
}
export interface Fact extends Json {
  id: string;
  kind: string;
  text: string;
  role: Role;
  status: FactStatus;
}
export interface Messages {
  ready: { type: "ready"; resume_from: number; max_unacked_seconds: number; paused: boolean; notice: string };
  utterance: {
    type: "utterance";
    id: string;
    speaker: string;
    role: Role;
    role_confidence: number;
    start: number;
    end: number;
    text: string;
    words: Word[];
    is_final: boolean;
    revision: number;
    stable: number;
  };
  speaker_revision: { type: "speaker_revision"; utterances: { id: string; speaker: string; role: Role }[] };
  ack: { type: "ack"; received: number; committed: number };
  status: {
    type: "status";
    lag_seconds: number;
    realtime_factor: number;
    voice_active: boolean;
    partials: "live" | "thinned";
    store: "ok" | "waiting";
  };
  audio_health: { type: "audio_health"; kind: string; channel: number };
  gap: { type: "gap"; start: number; end: number; reason: string };
  facts: { type: "facts"; facts: Fact[]; withdrawn: string[]; anew: boolean };
  note: { type: "note"; status: "ready" | "insufficient_audio"; url: string };
  ended: { type: "ended"; receipt: Receipt };
  error: { type: "error"; code: string; detail: string };
}
export type Message = Messages[keyof Messages];

/** `message` is one sentence for whoever has to act; `status` is the HTTP status or the close code. */
export class ScribeError extends Error {
  readonly code: string;
  readonly status: number;
}
export class Refused extends ScribeError {}
export class Unreachable extends ScribeError {}

export interface StreamOptions {
  encoding?: Encoding;
  sampleRate?: number;
  channels?: 1 | 2;
  resume?: boolean;
  facts?: boolean;
  patienceMs?: number;
}

/** Take the messages by `on`, or in a `for await` loop; where a listener is, the loop gets nothing. */
export class SessionStream implements AsyncIterable<Message> {
  private constructor();
  readonly unacknowledgedSeconds: number;
  readonly reconnects: number;
  send(audio: ArrayBuffer | ArrayBufferView): Promise<void>;
  pause(): void;
  resume(): void;
  mark(label?: string): void;
  choose(factId: string, status: FactStatus): void;
  stop(): Promise<Receipt>;
  ended(): Promise<Receipt>;
  close(): void;
  on<T extends keyof Messages>(type: T, listener: (message: Messages[T]) => void): () => void;
  on(type: "*", listener: (message: Message) => void): () => void;
  [Symbol.asyncIterator](): AsyncIterator<Message>;
}

export class ScribeClient {
  constructor(
    url: string,
    token: string | (() => string | Promise<string>),
    options?: { WebSocket?: unknown; timeoutMs?: number },
  );
  readonly url: string;
  ready(): Promise<Json>;
  createSession(session: NewSession): Promise<Session>;
  sessions(): Promise<Json[]>;
  session(id: string): Promise<Session>;
  shred(id: string): Promise<null>;
  addConsent(id: string, consent: Consent): Promise<Session>;
  revokeConsent(id: string, participant: string, options?: { purge?: boolean }): Promise<unknown>;
  end(id: string): Promise<Session>;
  transcript(id: string): Promise<Json>;
  facts(id: string): Promise<Fact[]>;
  setFact(id: string, fact: string, status: FactStatus): Promise<Fact>;
  draft(id: string, style?: Json): Promise<Json>;
  note(id: string): Promise<{ note: Json; attestation: string }>;
  changeStatement(id: string, statement: string, change: { text: string } | { remove: true }): Promise<Json>;
  resolveFinding(id: string, finding: string, resolution: "accepted" | "justified", reason?: string): Promise<Json>;
  checklist(id: string): Promise<Json>;
  addAddendum(id: string, addendum: Json): Promise<Json>;
  receipt(id: string): Promise<Receipt>;
  sign(id: string, signer: { name: string; credentials: string }): Promise<{ note: Json; attestation: string }>;
  export(id: string, format?: string, options?: { draft?: boolean; evidence?: boolean }): Promise<Blob>;
  stream(session: Session, options?: StreamOptions): SessionStream;
  call(method: string, path: string, options?: { body?: unknown; query?: Record<string, unknown> }): Promise<any>;
}
