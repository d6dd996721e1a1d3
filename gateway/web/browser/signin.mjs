// Walks through signing in, in a real browser with a virtual authenticator, against a house that runs on localhost:
//
//   node signin.mjs --base http://localhost:8080 --mail URL --later URL --people JSON [--shots FOLDER] [--chromium FILE] [--thorough]
//
// A member adds a passkey, signs out and in by it, sees and ends sessions, renames and removes the passkey; an officer is asked for a fresh
// sign-in and comes back to the form; the secretary looks at the mail; without JavaScript everything but the passkey works. --mail is where
// the mailbox answers as JSON, --later moves the house's clock by so many minutes. The last line is "walked: N pages, M problems".
import { Browser, textOf } from './browser.mjs'
import { parseArgs } from 'node:util'

const { values: arg } = parseArgs({
  options: {
    base: { type: 'string' }, mail: { type: 'string' }, later: { type: 'string' }, people: { type: 'string' }, shots: { type: 'string' },
    chromium: { type: 'string', default: '/usr/bin/chromium' }, thorough: { type: 'boolean', default: false }
  }
})
const base = arg.base.replace(/\/$/, '')
const who = JSON.parse(arg.people)

class Stop extends Error {}

function expect (ok, what) {
  if (!ok) throw new Stop(what)
}

async function says (page, ...sentences) {
  const text = await textOf(page, 'body', sentences)
  for (const s of sentences) expect(text.includes(s), `${page.url()} does not say "${s}" but: ${text.slice(0, 1200)}`)
}

async function letters (to) {
  return (await (await fetch(`${arg.mail}?to=${encodeURIComponent(to)}`)).json()) ?? []
}

async function mailed (to, before) {
  for (let i = 0; i < 200; i++) {
    const fresh = (await letters(to)).slice(before).filter(l => l.code)
    if (fresh.length > 0) return fresh.at(-1)
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  throw new Stop(`no mail with a code came to ${to}`)
}

const press = (page, name) => page.getByRole('button', { name, exact: true }).click()
const at = page => new URL(page.url()).pathname

// type signs in on the page that is shown.
async function type (page, email) {
  const before = (await letters(email)).length
  await page.getByLabel('Email address').fill(email)
  await press(page, 'Send me an email')
  await page.getByLabel('Six-digit code').fill((await mailed(email, before)).code)
  await press(page, 'Continue')
  expect(at(page) !== '/confirm', `${email} is not signed in`)
}

async function signIn (page, email) {
  await page.goto('/sign-in')
  await type(page, email)
}

async function signOut (page) {
  await page.goto('/sign-out')
  await press(page, 'Sign out')
}

const b = await new Browser({ base, shots: arg.shots, executable: arg.chromium, thorough: arg.thorough }).open()
try {
  const member = await b.person('member')
  const cdp = await member.context().newCDPSession(member)
  await cdp.send('WebAuthn.enable')
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', ctap2Version: 'ctap2_1', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true }
  })
  await member.goto('/sign-in')
  await b.look(member, 'sign in with a passkey button')
  // The device has no passkey yet: the page says so and email works.
  await press(member, 'Sign in with a passkey')
  await member.getByText('The passkey did not sign you in').waitFor()
  await b.look(member, 'a passkey that did not work')
  await signIn(member, who.member)
  await member.getByRole('link', { name: 'Your passkeys' }).click()
  await says(member, 'You have no passkeys yet.')
  await b.look(member, 'no passkeys yet')
  await press(member, 'Add a passkey')
  await says(member, 'There is a problem', 'Enter a name for the passkey')
  await b.look(member, 'a passkey without a name')
  await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false })
  await member.getByLabel('Name of the passkey').fill('My phone')
  await press(member, 'Add a passkey')
  await member.getByText('No passkey was made').waitFor()
  await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true })
  await member.goto('/me/passkeys')
  await member.getByLabel('Name of the passkey').fill('My phone')
  await press(member, 'Add a passkey')
  await member.getByText('The passkey is added').waitFor()
  await says(member, 'My phone', 'Not used yet.')
  await b.look(member, 'a passkey was added')

  await signOut(member)
  await member.goto('/sign-in?next=/motions')
  await press(member, 'Sign in with a passkey')
  await member.waitForURL(url => url.pathname === '/motions')
  await member.goto('/me/sessions')
  await says(member, 'on Linux', 'This one', 'with a passkey.', 'You are signed in nowhere else.')
  await b.look(member, 'signed in here only')

  // Another browser, which is then signed out from here.
  const other = await b.person('other browser', { script: false })
  await other.goto('/sign-in')
  expect(!(await other.getByRole('button', { name: 'Sign in with a passkey' }).isVisible()), 'without scripts there is a button that does nothing')
  await type(other, who.member)
  await other.goto('/me/passkeys')
  await says(other, 'My phone', 'use a browser that has them, with JavaScript on')
  await b.look(other, 'passkeys without scripts')
  await member.goto('/me/sessions')
  await says(member, 'by email.')
  await b.look(member, 'signed in twice')
  await press(member, 'Sign out everywhere else')
  await says(member, 'You are signed out there.')
  await other.goto('/me')
  expect(at(other) === '/sign-in', `the other browser is still at ${other.url()}`)

  await member.goto('/me/passkeys?lang=cy')
  await says(member, 'Eich allweddi mynediad', 'Defnyddiwyd ddiwethaf')
  await b.look(member, 'passkeys in Welsh')
  await member.goto('/me/sessions')
  await b.look(member, 'sessions in Welsh')
  await member.goto('/me/passkeys?lang=en')
  await member.getByRole('link', { name: 'Rename or remove' }).click()
  await b.look(member, 'one passkey')
  await member.getByLabel('Name of the passkey').fill('Old phone')
  await press(member, 'Save the name')
  await says(member, 'The name is saved.', 'Old phone')
  await member.getByRole('link', { name: 'Rename or remove' }).click()
  await press(member, 'Remove this passkey')
  await says(member, 'The passkey is removed', 'You have no passkeys yet.')
  await signOut(member)
  await member.goto('/sign-in')
  await press(member, 'Sign in with a passkey')
  await member.getByText('We do not know this passkey').first().waitFor()
  await b.look(member, 'a removed passkey')

  // An officer is asked to sign in again, and comes back with what was typed.
  const secretary = await b.person('secretary')
  await signIn(secretary, who.secretary)
  await secretary.goto(`/members/${who.memberId}/roles/new`)
  await secretary.getByLabel('Board member').check().catch(() => secretary.getByRole('radio').last().check())
  await secretary.getByLabel('Why').fill('Elected at the meeting – ŵ')
  await fetch(`${arg.later}?minutes=11`, { method: 'POST' })
  await secretary.locator('form[action$="/roles/new"] button').click()
  await says(secretary, 'this needs a sign-in of the last 10 minutes')
  expect(await secretary.getByLabel('Email address').inputValue() === who.secretary, 'the address is not filled in')
  await b.look(secretary, 'sign in again')
  await type(secretary, who.secretary)
  expect(at(secretary).endsWith('/roles/new'), `led to ${secretary.url()}`)
  expect(await secretary.getByLabel('Why').inputValue() === 'Elected at the meeting – ŵ', 'what was typed is lost')
  await secretary.locator('form[action$="/roles/new"] button').click()
  expect(at(secretary).startsWith('/members/'), `after the second time at ${secretary.url()}: ${(await secretary.locator('main').innerText()).slice(0, 300)}`)

  await secretary.goto('/mail')
  await says(secretary, 'Sign in', 'A passkey was added', 'Sent')
  await b.look(secretary, 'mail')
  await secretary.getByRole('button', { name: /^Send it again ?: A passkey was added/ }).first().click()
  await says(secretary, 'It is in the queue again.')
  await secretary.goto('/mail?lang=cy')
  await b.look(secretary, 'mail in Welsh')
} catch (e) {
  b.problem('the story', e instanceof Stop ? e.message : (e.stack ?? String(e)))
} finally {
  await b.close()
}
console.log(`walked: ${b.count} pages, ${b.problems.length} problems`)
process.exitCode = b.problems.length === 0 && b.count > 0 ? 0 : 1
