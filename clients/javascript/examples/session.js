/* A session of a clinician and a client who agreed to everything; with two channels each has one. */

export function newSession(channels = 1) {
  const people = [
    { id: "t1", role: "clinician" },
    { id: "c1", role: "client" },
  ];
  return {
    template: "soap",
    participants: people.map((person, number) => (channels === 2 ? { ...person, channel: number } : person)),
    consents: people.map(({ id }) => ({
      participant_id: id,
      method: "electronic",
      statement_version: "2026-03",
      given_at: new Date().toISOString(),
    })),
  };
}
