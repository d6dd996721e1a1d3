// A form with data-passkey asks the browser for a passkey when it is sent, and is sent with the answer in its field
// "credential". Where the browser has no passkeys the form stays hidden and the page works without.

const decode = text => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), c => c.charCodeAt(0))
const encode = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')

// Browsers of before 2024 do not read and write the JSON forms themselves.
function options (kind, json) {
  const parse = kind === 'create' ? PublicKeyCredential.parseCreationOptionsFromJSON : PublicKeyCredential.parseRequestOptionsFromJSON
  if (parse) return parse.call(PublicKeyCredential, json)
  const keys = list => (list ?? []).map(one => ({ ...one, id: decode(one.id) }))
  const read = { ...json, challenge: decode(json.challenge) }
  if (json.user) read.user = { ...json.user, id: decode(json.user.id) }
  if (json.excludeCredentials) read.excludeCredentials = keys(json.excludeCredentials)
  if (json.allowCredentials) read.allowCredentials = keys(json.allowCredentials)
  return read
}

function answer (credential) {
  if (credential.toJSON) return credential.toJSON()
  const response = {}
  for (const name of ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
    if (credential.response[name]) response[name] = encode(credential.response[name])
  }
  return { id: credential.id, rawId: encode(credential.rawId), type: credential.type, response, clientExtensionResults: credential.getClientExtensionResults() }
}

async function send (form) {
  const kind = form.dataset.passkey
  const reply = await fetch(form.dataset.begin, { method: 'POST', body: new URLSearchParams({ here: location.pathname }) })
  const begun = await reply.json()
  if (begun.signIn) {
    location.assign(begun.signIn)
    return
  }
  if (!reply.ok) throw new Error(begun.error)
  const publicKey = options(kind, begun.options)
  const credential = await (kind === 'create' ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey }))
  form.elements.credential.value = JSON.stringify(answer(credential))
  form.submit()
}

for (const form of document.querySelectorAll('form[data-passkey]')) {
  if (!window.PublicKeyCredential || !navigator.credentials) continue
  form.hidden = false
  const wrong = form.querySelector('[data-passkey-error]')
  form.addEventListener('submit', event => {
    // A field that was left empty is the server's to tell.
    if ([...form.elements].some(field => field.type === 'text' && field.value.trim() === '')) return
    event.preventDefault()
    wrong.hidden = true
    // Whatever goes wrong (the person gives up, there is no passkey) has one answer: try again, or use email.
    send(form).catch(() => { wrong.hidden = false })
  })
}
for (const text of document.querySelectorAll('[data-passkey-none]')) {
  text.hidden = Boolean(window.PublicKeyCredential && navigator.credentials)
}
