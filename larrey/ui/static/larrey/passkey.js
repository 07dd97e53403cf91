// Passkeys: the browser's own dialogue between a button and its form. Without WebAuthn the buttons are not shown.
const forms = document.querySelectorAll("[data-passkey], [data-passkey-options]");
const able = window.PublicKeyCredential?.parseRequestOptionsFromJSON && window.isSecureContext;

for (const form of forms) {
  if (!able) {
    form.hidden = true;
    const without = document.querySelector("[data-passkey-without]");
    if (without) without.hidden = false;
    continue;
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const problem = form.querySelector("[data-passkey-error]");
    if (problem) problem.hidden = true;
    try {
      const credential = form.dataset.passkeyNew ? await made(form) : await shown(form);
      form.elements.credential.value = JSON.stringify(credential);
      form.submit();
    } catch (error) {
      if (problem) problem.hidden = false; // cancelled, refused, or no passkey for this site
    }
  });
}

// A passkey she has. The question comes with the page or is asked for at the click.
async function shown(form) {
  const given = form.dataset.passkeyOptions;
  const options = given ? JSON.parse(given) : (await asked(form.dataset.passkey)).request_options;
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey);
  return (await navigator.credentials.get({ publicKey })).toJSON();
}

// A new one; with "passwordless" it must know whose it is and ask for a finger, a face or a PIN.
async function made(form) {
  const options = JSON.parse(form.dataset.passkeyOptions).publicKey;
  const alone = form.elements.passwordless?.checked;
  options.authenticatorSelection = {
    ...options.authenticatorSelection,
    residentKey: alone ? "required" : "discouraged",
    requireResidentKey: Boolean(alone),
    ...(alone ? { userVerification: "required" } : {}),
  };
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return (await navigator.credentials.create({ publicKey })).toJSON();
}

async function asked(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error("no question");
  return answer.json();
}
