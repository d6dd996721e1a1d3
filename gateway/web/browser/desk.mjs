// Walks through the desk: a member without email is entered, and two officers sign them in with a card.
//
//   node desk.mjs --base http://localhost:8080 --mail URL --later URL --people JSON [--shots FOLDER] [--chromium FILE] [--thorough]
//
// The secretary enters an application on paper and asks for a card after signing in again, without JavaScript; the chair, who has seen the
// member, makes it; the member opens the card's address, which signs nobody in, and presses the button; the card works once. A card that was
// taken back and a mistyped code say so. The last line is "walked: N pages, M problems".
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

const b = await new Browser({ base, shots: arg.shots, executable: arg.chromium, thorough: arg.thorough }).open()
try {
  const secretary = await b.person('secretary', { script: false })
  await signIn(secretary, who.secretary)
  await secretary.goto('/members')
  await secretary.getByRole('link', { name: 'The desk: members without email' }).click()
  await says(secretary, 'No card waits.')
  await b.look(secretary, 'the desk')
  await secretary.getByRole('link', { name: 'Enter an application on paper' }).click()
  await press(secretary, 'Enter the application')
  await says(secretary, 'There is a problem', 'Enter your full name', 'Enter how you know of the application')
  await b.look(secretary, 'an application with mistakes')
  await secretary.getByLabel('Full name').fill('Mair Ŵyn')
  await secretary.getByLabel('No group near me yet').check()
  await secretary.getByLabel('Cymraeg').check()
  await secretary.getByLabel(/The person declared/).check()
  await secretary.getByLabel('How do you know of the application?').fill('Paper form of 3 May')
  await press(secretary, 'Enter the application')
  await says(secretary, 'the member is admitted', 'Mair Ŵyn')
  await b.look(secretary, 'ask for a card')
  const entry = at(secretary).replace(/\/card$/, '')
  await secretary.getByLabel('Why').fill('Has no email – at the hall')
  await fetch(`${arg.later}?minutes=11`, { method: 'POST' })
  await press(secretary, 'Ask for the card')
  await says(secretary, 'this needs a sign-in of the last 10 minutes')
  await type(secretary, who.secretary)
  expect(await secretary.getByLabel('Why').inputValue() === 'Has no email – at the hall', 'what was typed is lost')
  await press(secretary, 'Ask for the card')
  await says(secretary, 'Another officer has to see the member', 'Mair Ŵyn', 'Waits for a second officer')
  expect(await secretary.getByRole('link', { name: /^Make the card/ }).count() === 0, 'who asked may make it')
  await b.look(secretary, 'a card waits')

  const chair = await b.person('chair')
  await signIn(chair, who.chair)
  await chair.goto('/desk')
  await chair.getByRole('link', { name: /^Make the card/ }).click()
  await press(chair, 'Make the card')
  await says(chair, 'There is a problem', 'Tick the box if you have seen the member')
  await b.look(chair, 'make the card')
  await chair.getByLabel(/I have seen Mair/).check()
  await press(chair, 'Make the card')
  await says(chair, 'A card to sign in with', 'It works once.')
  await b.look(chair, 'the card')
  const code = (await chair.locator('.app-code--receipt').innerText()).trim()
  expect(/^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$/.test(code), `the code is ${code}`)
  await chair.emulateMedia({ media: 'print' })
  expect(!(await chair.getByText('Print this page').isVisible()) && await chair.locator('img[alt^="Square code"]').isVisible(), 'the card is printed with what does not belong on it, or without its square')
  if (arg.shots) await chair.screenshot({ path: `${arg.shots}/card-in-print.png`, fullPage: true })
  await chair.emulateMedia({ media: 'screen' })

  const member = await b.person('member', { script: false })
  await member.goto('/sign-in')
  await member.getByRole('link', { name: 'I have a card from a desk' }).click()
  await b.look(member, 'a card, typed')
  await member.getByLabel('Code on the card').fill('AAAA-BBBB-CCCC')
  await press(member, 'Sign in with the card')
  await says(member, 'There is a problem', 'No card has this code')
  await b.look(member, 'a wrong code')
  // What the square holds.
  await member.goto(`/card?code=${code}`)
  await member.goto('/me')
  expect(at(member) === '/sign-in', 'opening the address signs in')
  await member.goto(`/card?code=${code}`)
  expect(await member.getByLabel('Code on the card').inputValue() === code, 'the code is not filled in')
  await press(member, 'Sign in with the card')
  expect(at(member) === '/me', `led to ${member.url()}`)
  await says(member, 'Mair Ŵyn')
  await member.goto('/me/sessions?lang=en')
  await says(member, 'with a card, at a desk.')
  await member.goto('/me/entry')
  await says(member, 'A second officer, who had seen the member, made the card', 'Signed in with the card', 'Has no email – at the hall')
  await b.look(member, 'the history')

  const thief = await b.person('thief', { script: false })
  await thief.goto(`/card?code=${code}`)
  await press(thief, 'Sign in with the card')
  await says(thief, 'This card was used already')
  await thief.goto('/card?lang=cy')
  await b.look(thief, 'a card in Welsh')

  // Another card is taken back before it is made.
  await secretary.goto(`${entry}/card`)
  await secretary.getByLabel('Why').fill('Once more')
  await press(secretary, 'Ask for the card')
  await secretary.getByRole('button', { name: /^Take it back/ }).first().click()
  await says(secretary, 'The card is taken back.', 'No card waits.')
  await secretary.goto('/desk?lang=cy')
  await b.look(secretary, 'the desk in Welsh')
  await secretary.goto('/desk/enter')
  await b.look(secretary, 'an application in Welsh')
} catch (e) {
  b.problem('the story', e instanceof Stop ? e.message : (e.stack ?? String(e)))
} finally {
  await b.close()
}
console.log(`walked: ${b.count} pages, ${b.problems.length} problems`)
process.exitCode = b.problems.length === 0 && b.count > 0 ? 0 : 1
