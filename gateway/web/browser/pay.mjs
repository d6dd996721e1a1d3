// Walks how a member gives by card, in a real browser, against a house whose payment provider runs on the same machine:
//
//   node pay.mjs --base URL --mail URL --people JSON [--shots FOLDER] [--chromium FILE] [--thorough]
//
// A member chooses £1 and the payment fails; then it succeeds, and they are in good standing; the treasurer sees it; it is refunded, and
// their standing goes. Another walks without JavaScript. The last line is "walked: N pages, M problems"; any problem is exit status 1.
import { Browser, textOf } from './browser.mjs'
import { parseArgs } from 'node:util'

const { values: arg } = parseArgs({
  options: {
    base: { type: 'string' }, mail: { type: 'string' }, people: { type: 'string' }, shots: { type: 'string' },
    chromium: { type: 'string', default: '/usr/bin/chromium' }, thorough: { type: 'boolean', default: false }
  }
})

class Stop extends Error {}

async function says (page, ...sentences) {
  const text = await textOf(page, 'body', sentences)
  for (const s of sentences) {
    if (!text.includes(s)) throw new Stop(`${page.url()} does not say "${s}" but: ${text.slice(0, 1500)}`)
  }
}

async function letters (to) {
  const r = await fetch(`${arg.mail}?to=${encodeURIComponent(to)}`)
  return (await r.json()) ?? []
}

const press = (page, name) => page.getByRole('button', { name, exact: true }).first().click()

async function signIn (page, email) {
  const before = (await letters(email)).length
  await page.goto('/sign-in')
  await page.getByLabel('Email address').fill(email)
  await press(page, 'Send me an email')
  for (let i = 0; i < 200; i++) {
    const all = await letters(email)
    if (all.length > before && all.at(-1).code) {
      await page.getByLabel('Six-digit code').fill(all.at(-1).code)
      await press(page, 'Continue')
      return
    }
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  throw new Stop(`no mail with a code came to ${email}`)
}

// until shows a page again until it says something: standing follows the money by an event.
async function until (page, path, sentence) {
  for (let i = 0; i < 100; i++) {
    await page.goto(path)
    if ((await page.locator('body').innerText()).includes(sentence)) return
    await new Promise(resolve => setTimeout(resolve, 200))
  }
  throw new Stop(`${path} never says "${sentence}"`)
}

const people = JSON.parse(arg.people)
const browser = await new Browser({ base: arg.base.replace(/\/$/, ''), shots: arg.shots, executable: arg.chromium, thorough: arg.thorough }).open()
try {
  const member = await browser.person('member')
  await signIn(member, people.member)
  await member.goto('/me')
  await browser.look(member, 'me with a card')
  await member.getByRole('link', { name: 'Give £1 or more by card' }).click()
  await browser.look(member, 'give')
  await member.getByLabel('How much do you want to give?').fill('0.50')
  await press(member, 'Continue')
  await says(member, 'There is a problem', 'from £1.00')
  await browser.look(member, 'give too little')
  await member.getByLabel('How much do you want to give?').fill('1')
  await press(member, 'Continue')
  await says(member, 'Your gift is not paid yet', 'You want to give £1')
  await browser.look(member, 'to be paid')
  const here = new URL(member.url()).pathname
  await member.getByRole('button', { name: /^Pay £1/ }).click()
  await browser.look(member, 'the provider')
  const there = member.url()
  await press(member, 'Let it fail')
  await says(member, 'The payment did not succeed', 'Nothing was taken from you')
  await browser.look(member, 'failed')
  await member.getByRole('button', { name: /^Pay £1/ }).click()
  await member.getByLabel('Send every webhook twice').check()
  await member.getByLabel('Send webhooks in the wrong order').check()
  await press(member, 'Pay £1.00')
  await says(member, 'Thank you', 'it has arrived')
  await browser.look(member, 'paid')
  await until(member, '/me', 'the £1 of your membership')
  await says(member, 'Donation by card')
  await browser.look(member, 'me in good standing')
  await member.goto(here + '?lang=cy')
  await says(member, 'Diolch')
  await browser.look(member, 'paid in Welsh')
  await member.goto(here + '?lang=en')

  const treasurer = await browser.person('treasurer')
  await signIn(treasurer, people.treasurer)
  await treasurer.goto('/ledger')
  await treasurer.getByRole('link', { name: 'Payments by card and direct debit' }).click()
  await says(treasurer, 'Asha Member', 'Settled')
  await browser.look(treasurer, 'payments')

  await member.goto(there)
  await press(member, 'Refund it')
  await member.goto(here)
  await says(member, 'Your gift was paid back')
  await browser.look(member, 'refunded')
  await until(member, '/me', 'Your £1')

  const plain = await browser.person('without scripts', { script: false })
  await signIn(plain, people.other)
  await plain.goto('/give')
  await plain.getByLabel('How much do you want to give?').fill('5')
  await press(plain, 'Continue')
  await plain.getByRole('button', { name: /^Pay £5/ }).click()
  await press(plain, 'Pay £5.00')
  await says(plain, 'Thank you', 'You gave £5')
} catch (e) {
  browser.problem('the walk', e instanceof Stop ? e.message : e.stack)
}
await browser.close()
console.log(`walked: ${browser.count} pages, ${browser.problems.length} problems`)
process.exitCode = browser.problems.length ? 1 : 0
