// How does a passkey get into a form? The browser makes or shows one, we put its answer into a
// hidden field as JSON, and the form goes its ordinary way: the server answers with a page.
"use strict";

(() => {
  const forms = document.querySelectorAll("form[data-passkey]");
  if (!window.PublicKeyCredential || !navigator.credentials) return;

  const STOPPED = "Nothing was chosen, or it took too long. Try again when you are ready.";
  const KNOWN = "This device has a passkey for you already. Use it to sign in.";
  const AWAY = "The server did not answer. Check your connection, then try again.";
  const TOO_OFTEN = "Too many attempts. Wait a few minutes, then try again.";

  /** @param {string} text @returns {Uint8Array} */
  function bytes(text) {
    const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  }

  /** @param {ArrayBuffer | null | undefined} buffer @returns {string | undefined} */
  function text(buffer) {
    if (!buffer) return undefined;
    const letters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte));
    return btoa(letters.join("")).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  }

  /** Give the options as the browser wants them: bytes instead of text. */
  function readable(options) {
    const listed = (list) => (list || []).map((each) => ({ ...each, id: bytes(each.id) }));
    const read = { ...options, challenge: bytes(options.challenge) };
    if (options.user) read.user = { ...options.user, id: bytes(options.user.id) };
    if (options.excludeCredentials) read.excludeCredentials = listed(options.excludeCredentials);
    if (options.allowCredentials) read.allowCredentials = listed(options.allowCredentials);
    return read;
  }

  /** Give what the browser answered as JSON. @param {PublicKeyCredential} credential */
  function written(credential) {
    const answer = credential.response;
    return JSON.stringify({
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      authenticatorAttachment: credential.authenticatorAttachment || undefined,
      response: {
        clientDataJSON: text(answer.clientDataJSON),
        attestationObject: text(answer.attestationObject),
        authenticatorData: text(answer.authenticatorData),
        signature: text(answer.signature),
        userHandle: text(answer.userHandle),
        transports: answer.getTransports ? answer.getTransports() : undefined,
      },
    });
  }

  /** Ask the server for options; null when the page must be opened anew. */
  async function optionsFor(form) {
    const answer = await fetch(form.dataset.options, {
      method: "POST",
      redirect: "manual",
      headers: { "X-CSRF-Token": form.elements.csrf_token.value },
    });
    // Signed out, asked for a proof again, or a page that is too old: opened anew, it leads there.
    if (answer.type === "opaqueredirect" || [401, 403].includes(answer.status)) return null;
    if (answer.status === 429) throw new Error(TOO_OFTEN);
    if (!answer.ok) throw new Error(AWAY);
    return answer.json();
  }

  function sentence(error) {
    if (error.name === "InvalidStateError") return KNOWN;
    if (error instanceof DOMException) return STOPPED;
    return error instanceof TypeError ? AWAY : error.message;
  }

  function say(form, words) {
    const place = form.querySelector("[role=alert]");
    place.textContent = words;
    place.hidden = !words;
  }

  async function fill(form) {
    const told = await optionsFor(form);
    if (!told) {
      location.reload();
      return false;
    }
    if (told.origin !== location.origin) {
      throw new Error(`Passkeys belong to a name. Open this page as ${told.origin} instead.`);
    }
    const publicKey = readable(told.publicKey);
    const made =
      form.dataset.passkey === "create"
        ? await navigator.credentials.create({ publicKey })
        : await navigator.credentials.get({ publicKey });
    form.elements.credential.value = written(made);
    return true;
  }

  for (const form of forms) {
    const button = form.querySelector("button");
    form.hidden = false;
    form.toggleAttribute("data-ready", true);
    button.disabled = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      say(form, "");
      button.disabled = true;
      try {
        if (await fill(form)) form.submit();
      } catch (error) {
        say(form, sentence(error));
      }
      button.disabled = false;
    });
  }
})();
