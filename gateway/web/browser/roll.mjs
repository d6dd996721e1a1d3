// Walks what a member does with an electoral roll, in a real browser, against a house that runs:
//
//   node roll.mjs --base http://127.0.0.1:8080 --mail URL --people JSON [--shots FOLDER] [--chromium FILE] [--thorough]
//
// The secretary prepares the roll of a meeting that notice was given of; a member who is missing challenges it, without
// JavaScript; the chair upholds it; the member finds themselves on the newer roll and downloads the file that shows it; a
// visitor sees how many, and no name. Then the secretary takes members in from a file and prints the duplicate register. The last line is "walked: N pages, M problems"; any problem is exit status 1.
import { Browser, textOf as sayingOf } from './browser.mjs'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

const { values: arg } = parseArgs({
  options: {
    base: { type: 'string' }, mail: { type: 'string' }, people: { type: 'string' }, shots: { type: 'string' },
    chromium: { type: 'string', default: '/usr/bin/chromium' }, thorough: { type: 'boolean', default: false }
  }
})
const base = arg.base.replace(/\/$/, '')
const who = JSON.parse(arg.people)

class Stop extends Error {}

function expect (ok, what) {
  if (!ok) throw new Stop(what)
}

async function textOf (page) {
  return (await page.locator('body').innerText()).replace(/\s+/g, ' ')
}

async function says (page, ...sentences) {
  const text = await sayingOf(page, 'body', sentences)
  for (const s of sentences) expect(text.includes(s), `${page.url()} does not say "${s}" but: ${text.slice(0, 1500)}`)
}

async function letters (to) {
  const r = await fetch(`${arg.mail}?to=${encodeURIComponent(to)}`)
  expect(r.ok, `the mailbox: ${r.status}`)
  return (await r.json()) ?? []
}

async function mailed (to, before) {
  for (let i = 0; i < 200; i++) {
    const all = await letters(to)
    if (all.length > before && all.at(-1).code) return all.at(-1)
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  throw new Stop(`no mail with a code came to ${to}`)
}

async function press (page, name) {
  await page.getByRole('button', { name, exact: true }).click()
}

async function signIn (page, email, next) {
  const before = (await letters(email)).length
  await page.goto(`/sign-in?next=${next}`)
  await page.getByLabel('Email address').fill(email)
  await press(page, 'Send me an email')
  await page.getByLabel('Six-digit code').fill((await mailed(email, before)).code)
  await press(page, 'Continue')
  expect(!page.url().includes('/confirm'), `${email} is not signed in: ${(await textOf(page)).slice(0, 400)}`)
}

// settled looks again until the page of an import says that it is in a state.
async function settled (page, state) {
  for (let i = 0; i < 100; i++) {
    if ((await page.locator('.govuk-tag').first().innerText()).trim().toLowerCase() === state.toLowerCase()) return
    await new Promise(resolve => setTimeout(resolve, 100))
    await page.reload()
  }
  throw new Stop(`the import does not become "${state}": ${(await textOf(page)).slice(0, 600)}`)
}

const b = await new Browser({ base, shots: arg.shots, thorough: arg.thorough, executable: arg.chromium }).open()
try {
  const secretary = await b.person('secretary')
  await signIn(secretary, who.secretary, '/rolls')
  await says(secretary, 'No roll has been made yet.')
  await b.look(secretary, 'no roll yet')
  await secretary.getByRole('link', { name: 'Prepare a roll' }).click()
  await press(secretary, 'Prepare a roll')
  await says(secretary, 'There is a problem', 'Choose a meeting')
  await b.look(secretary, 'prepare a roll, nothing chosen')
  await secretary.getByLabel('First annual general meeting').check()
  await press(secretary, 'Prepare a roll')
  await says(secretary, 'The roll is prepared', 'Open to challenge', 'Fingerprint:')
  await b.look(secretary, 'a prepared roll')
  const roll = new URL(secretary.url()).pathname

  const visitor = await b.person('visitor')
  await visitor.goto(roll)
  const seen = await textOf(visitor)
  expect(seen.includes('Sign in to see whether you are on it'), 'a visitor is not asked to sign in')
  for (const name of who.names) expect(!seen.includes(name), `a visitor reads the name ${name}`)
  await b.look(visitor, 'a roll for a visitor')

  const member = await b.person('member', { script: false })
  await signIn(member, who.late, roll)
  await says(member, 'You are not on this roll.', 'after the notice')
  await member.getByRole('button', { name: 'Challenge this roll' }).or(member.getByRole('link', { name: 'Challenge this roll' })).click()
  await press(member, 'Send the challenge')
  await says(member, 'There is a problem', 'Choose what is wrong', 'Give a reason')
  await b.look(member, 'challenge, nothing said')
  await member.getByLabel('I am not on it and should be').check()
  await member.getByLabel('Why').fill('I applied on paper before the notice.')
  await press(member, 'Send the challenge')
  await says(member, 'Your challenge was sent', 'It waits for a decision.')
  await b.look(member, 'a roll that one challenged')

  const chair = await b.person('chair')
  await signIn(chair, who.chair, roll)
  await chair.getByRole('link', { name: /Decide this challenge/ }).click()
  await b.look(chair, 'decide a challenge')
  await chair.getByLabel('It was right').check()
  await chair.getByLabel('Why').fill('The paper form is dated before the notice.')
  await press(chair, 'Decide this challenge')
  await says(chair, 'The challenge is decided', 'Another roll has taken this one’s place.'.replace('’', "'"), 'Upheld on')
  await b.look(chair, 'a superseded roll')

  await member.goto('/me/particulars')
  await member.getByLabel('A council').check()
  await press(member, 'Save')
  await says(member, 'It is saved.')
  expect(!(await textOf(member)).includes('Postal address'), 'a society that is not registered asks for a postal address')
  await b.look(member, 'where one works')

  await member.goto(roll)
  await member.getByRole('link', { name: 'See the newer roll' }).click()
  await says(member, 'You are on this roll, number', 'The paper form is dated before the notice.')
  const [download] = await Promise.all([
    member.waitForEvent('download'), member.getByRole('link', { name: 'Download the file that shows you are on it' }).click()
  ])
  const proof = readFileSync(await download.path(), 'utf8')
  expect(JSON.parse(proof).format === 'folkmoot/roll-proof/v1', 'the file is not a proof')
  await b.look(member, 'a roll that one is on')

  await secretary.goto(roll)
  await secretary.getByLabel('The other roll').selectOption({ index: 0 })
  await press(secretary, 'Compare')
  await says(secretary, 'Only on the later', 'Joined', who.lateName)
  await b.look(secretary, 'two rolls compared')
  await visitor.goto(secretary.url())
  expect(!(await textOf(visitor)).includes(who.lateName), 'a visitor reads who is on a roll')

  const file = text => ({ name: 'members.csv', mimeType: 'text/csv', buffer: Buffer.from(text) })
  await secretary.goto('/members')
  await secretary.getByRole('link', { name: 'Take members in from a file' }).click()
  await press(secretary, 'Check the file')
  await says(secretary, 'There is a problem', 'Choose a file')
  await b.look(secretary, 'an import without a file')
  await secretary.getByLabel('CSV file').setInputFiles(file('name,email\nHana,hana@example.org\nIvan,ivan\n'))
  await press(secretary, 'Check the file')
  await settled(secretary, 'Mistakes')
  await says(secretary, 'Nothing was saved.', 'Enter an e-mail address')
  await b.look(secretary, 'a file with a mistake')
  await secretary.goto('/imports')
  await secretary.getByLabel('CSV file').setInputFiles(file('name,email\nHana,hana@example.org\nIvan,ivan@example.org\n'))
  await press(secretary, 'Check the file')
  await settled(secretary, 'No mistake')
  await says(secretary, 'Members to take in: 2.')
  await b.look(secretary, 'a file without a mistake')
  await press(secretary, 'Take them in')
  await settled(secretary, 'Taken in')
  await b.look(secretary, 'members taken in')
  await secretary.goto('/members?search=ivan')
  await says(secretary, 'Ivan')
  await secretary.goto('/register/copies')
  await press(secretary, 'Make the copy')
  await says(secretary, 'There is a problem', 'Choose a copy')
  await b.look(secretary, 'a copy of nothing')
  await secretary.getByLabel('The duplicate register').check()
  await secretary.getByLabel('A page to print').check()
  await secretary.getByLabel('Why is it made?').fill('Section 31 of the Act')
  await secretary.getByLabel('Who inspects it?').fill('Ben Jones')
  await press(secretary, 'Make the copy')
  await says(secretary, 'The duplicate register', 'Hana', 'entered as a member')
  expect(!(await textOf(secretary)).includes('£1.00'), 'the duplicate shows what was paid')
  await b.look(secretary, 'the duplicate register')
  await secretary.goto('/register/copies?lang=cy')
  await b.look(secretary, 'copies in Welsh')
  await secretary.goto('/imports')
  await b.look(secretary, 'imports in Welsh')

  await visitor.goto('/rolls?lang=cy')
  await says(visitor, 'Cofrestrau etholwyr')
  await b.look(visitor, 'rolls in Welsh')
  await visitor.goto(roll)
  await b.look(visitor, 'a roll in Welsh')
} catch (e) {
  b.problem('the story', e instanceof Stop ? e.message : (e.stack ?? String(e)))
} finally {
  await b.close()
}
console.log(`walked: ${b.count} pages, ${b.problems.length} problems`)
process.exitCode = b.problems.length === 0 && b.count > 0 ? 0 : 1
