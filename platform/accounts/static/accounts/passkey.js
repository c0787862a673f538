// Forms that show or make a passkey. Without JavaScript or WebAuthn they stay hidden, and codes still work.
(() => {
  "use strict";
  if (!window.PublicKeyCredential || !navigator.credentials) return;
  const bytes = text => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), c => c.charCodeAt(0));
  const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const each = (list, change) => (list || []).map(entry => ({ ...entry, id: change(entry.id) }));

  const read = (kind, options) => kind === "create"
    ? { ...options, challenge: bytes(options.challenge), user: { ...options.user, id: bytes(options.user.id) }, excludeCredentials: each(options.excludeCredentials, bytes) }
    : { ...options, challenge: bytes(options.challenge), allowCredentials: each(options.allowCredentials, bytes) };

  const written = credential => {
    const response = { clientDataJSON: text(credential.response.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = text(credential.response[name]);
    }
    if (credential.response.getTransports) response.transports = credential.response.getTransports();
    return JSON.stringify({
      id: credential.id, rawId: text(credential.rawId), type: credential.type, response,
      clientExtensionResults: credential.getClientExtensionResults(),
    });
  };

  const send = (url, body) => fetch(url, { method: "POST", body, credentials: "same-origin", headers: { Accept: "application/json" } });

  const run = async form => {
    const kind = form.dataset.passkey;
    const asked = await send(form.dataset.ask, new FormData(form));
    if (asked.redirected || !asked.ok) { window.location.reload(); return; }
    const options = { publicKey: read(kind, await asked.json()) };
    const credential = await navigator.credentials[kind](options);
    form.elements.credential.value = written(credential);
    const answer = await send(form.action, new FormData(form));
    if (answer.redirected) { window.location.assign(answer.url); return; }
    const isPage = (answer.headers.get("Content-Type") || "").startsWith("text/html");
    if (answer.ok && isPage) {
      // The recovery codes, shown once.
      const shown = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.getElementById("page").replaceWith(shown.getElementById("page"));
      return;
    }
    throw new Error((await answer.json()).detail);
  };

  const start = form => {
    form.hidden = false;
    form.addEventListener("submit", event => {
      event.preventDefault();
      const fault = form.querySelector("[data-fault]");
      fault.textContent = "";
      run(form).catch(error => { fault.textContent = error.message || String(error); });
    });
  };
  document.querySelectorAll("form[data-passkey]").forEach(start);
  document.querySelectorAll("[data-passkey-part]").forEach(part => { part.hidden = false; });
})();
