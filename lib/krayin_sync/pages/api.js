// Chatwoot's own API with the session of Chatwoot's dashboard, which keeps it in this cookie.

const COOKIE = "cw_d_session_info";
const SENT = ["access-token", "token-type", "client", "expiry", "uid"];

/** What the API answered, with its sentence for people. */
export class Refused extends Error {
  constructor(status, answer) {
    super(answer?.error || answer?.message || String(status));
    this.status = status;
    this.answer = answer;
  }
}

function session() {
  for (const pair of document.cookie.split("; ")) {
    const at = pair.indexOf("=");
    if (at < 0 || pair.slice(0, at) !== COOKIE) continue;
    try {
      return JSON.parse(decodeURIComponent(pair.slice(at + 1)));
    } catch {
      return null;
    }
  }
  return null;
}

async function ask(method, path, body, read = JSON.parse) {
  const kept = session();
  if (!kept) throw new Refused(401);
  const headers = { accept: "application/json" };
  for (const name of SENT) if (kept[name]) headers[name] = kept[name];
  if (body) headers["content-type"] = "application/json";
  const answer = await fetch(path, {
    method, headers, body: body && JSON.stringify(body), credentials: "same-origin", cache: "no-store",
  });
  const text = await answer.text();
  let told = null;
  try {
    told = text ? read(text) : null;
  } catch {
    // A proxy's page.
  }
  if (!answer.ok) throw new Refused(answer.status, told);
  return told;
}

function query(given) {
  const pairs = Object.entries(given).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return pairs.length ? `?${new URLSearchParams(pairs)}` : "";
}

export const profile = () => ask("GET", "/api/v1/profile");

/** What is asked of one account. */
export class Account {
  constructor(id) {
    this.root = `/api/v1/accounts/${Number(id)}`;
  }

  connections() { return ask("GET", `${this.root}/integrations/krayin`); }
  async inboxes() { return (await ask("GET", `${this.root}/inboxes`)).payload; }
  async labels() { return (await ask("GET", `${this.root}/labels`)).payload; }
  connection(id) { return new Connection(`${this.root}/integrations/krayin/${Number(id)}`); }
}

/** What is asked of one connection. */
export class Connection {
  constructor(root) {
    this.root = root;
  }

  check() { return ask("POST", `${this.root}/check`, {}); }
  status() { return ask("GET", `${this.root}/status`); }
  links(wanted) { return ask("GET", `${this.root}/links${query(wanted)}`); }
  sides(contact) { return ask("GET", `${this.root}/links/sides${query({ record_id: contact })}`); }
  retry(wanted) { return ask("POST", `${this.root}/links/retry`, wanted); }
  keepOut(wanted) { return ask("POST", `${this.root}/links/keep_out`, wanted); }
  decide(wanted) { return ask("POST", `${this.root}/links/decide`, wanted); }
  estimate(choice) { return ask("GET", `${this.root}/backfill/estimate${query(choice)}`); }
  start(choice) { return ask("POST", `${this.root}/backfill`, choice); }
  log(wanted) { return ask("GET", `${this.root}/log${query(wanted)}`); }
  settings() { return ask("GET", `${this.root}/settings`); }
  save(settings) { return ask("PATCH", `${this.root}/settings`, { settings }); }
  analytics(wanted) { return ask("GET", `${this.root}/analytics${query(wanted)}`); }
  analyticsCsv(wanted) { return ask("GET", `${this.root}/analytics/csv${query(wanted)}`, null, (text) => text); }
  step(name) { return ask("POST", `${this.root}/backfill/${name}`, {}); }

  async backfill() {
    try {
      return await ask("GET", `${this.root}/backfill`);
    } catch (refused) {
      if (refused.status === 404) return null;
      throw refused;
    }
  }
}

/** What an agent asks of one conversation. */
export class Panel {
  constructor(account, conversation) {
    this.root = `/api/v1/accounts/${Number(account)}/integrations/krayin/conversations/${Number(conversation)}/panel`;
  }

  show(connection) { return ask("GET", `${this.root}${query({ connection })}`); }
  fresh(connection, lead) { return ask("GET", `${this.root}/fresh${query({ connection, lead })}`); }
  retry(connection) { return ask("POST", `${this.root}/retry`, { connection }); }
  choices(connection, of) { return ask("GET", `${this.root}/choices${query({ connection, of })}`); }
  act(asked) { return ask("POST", `${this.root}/act`, asked); }
  acted(connection, key) { return ask("GET", `${this.root}/acted${query({ connection, key })}`); }
}
