// Walks what members can check and what they may do with their data, in a real browser, against a house that runs:
//
//   node privacy.mjs --base URL --mail URL --people JSON --meeting ID --checkpoint TEXT [--shots FOLDER] [--chromium FILE]
//
// A visitor compares a checkpoint with the public log; a member sees what officers did, their own data, and says what they need at a
// meeting; the secretary reads it and sees the report on deletion; every page in Welsh too. The last line is "walked: N pages, M problems".
import { Browser, textOf } from './browser.mjs'
import { parseArgs } from 'node:util'

const { values: arg } = parseArgs({
  options: {
    base: { type: 'string' }, mail: { type: 'string' }, people: { type: 'string' }, meeting: { type: 'string' }, checkpoint: { type: 'string' },
    shots: { type: 'string' }, chromium: { type: 'string', default: '/usr/bin/chromium' }, thorough: { type: 'boolean', default: false }
  }
})
const who = JSON.parse(arg.people)

function expect (ok, what) { if (!ok) throw new Error(what) }

async function says (page, ...sentences) {
  const text = await textOf(page, 'body', sentences)
  for (const s of sentences) expect(text.includes(s), `${page.url()} does not say "${s}" but: ${text.slice(0, 1200)}`)
}

async function letters (to) {
  const r = await fetch(`${arg.mail}?to=${encodeURIComponent(to)}`)
  return (await r.json()) ?? []
}

async function press (page, name) { await page.getByRole('button', { name, exact: true }).click() }

async function signIn (page, email) {
  const before = (await letters(email)).length
  await page.goto('/sign-in')
  await page.getByLabel('Email address').fill(email)
  await press(page, 'Send me an email')
  let code
  for (let i = 0; i < 200 && !code; i++) {
    const all = await letters(email)
    code = all.length > before ? all.at(-1).code : undefined
    if (!code) await new Promise(resolve => setTimeout(resolve, 100))
  }
  expect(code, `no mail with a code came to ${email}`)
  await page.getByLabel('Six-digit code').fill(code)
  await press(page, 'Continue')
}

const b = await new Browser({ base: arg.base.replace(/\/$/, ''), shots: arg.shots, executable: arg.chromium, thorough: arg.thorough }).open()
try {
  // Without scripts: the public logs, and a comparison that holds and one that does not.
  const visitor = await b.person('visitor', { script: false })
  await visitor.goto('/logs')
  await says(visitor, 'The log of the register', 'The log of the ledger', 'Compare with a checkpoint you hold')
  await b.look(visitor, 'public logs')
  await visitor.getByLabel('The checkpoint you hold').fill('hello')
  await press(visitor, 'Compare')
  await says(visitor, 'There is a problem', 'Paste a whole checkpoint')
  await b.look(visitor, 'not a checkpoint')
  await visitor.getByLabel('The checkpoint you hold').fill(arg.checkpoint)
  await press(visitor, 'Compare')
  await says(visitor, 'Consistent', 'unchanged and in the same order', 'The numbers')
  await b.look(visitor, 'consistent')
  await visitor.goto('/logs')
  const lines = arg.checkpoint.split('\n')
  lines[1] = String(Number(lines[1]) + 1)
  await visitor.getByLabel('The checkpoint you hold').fill(lines.join('\n'))
  await press(visitor, 'Compare')
  await says(visitor, 'Not signed by this log')
  await b.look(visitor, 'not signed')

  // A member.
  const member = await b.person('member')
  await signIn(member, who.member)
  await member.goto('/officers')
  await member.getByRole('link', { name: 'What officers did' }).click()
  await says(member, 'Recorded a donation', 'Planned a meeting')
  await b.look(member, 'what officers did')
  await member.goto('/me')
  await member.getByRole('link', { name: 'My data and privacy' }).click()
  await says(member, 'Download my data', 'Your email address and language', 'Everything that is held')
  await b.look(member, 'my data')
  const file = await member.evaluate(async () => { const r = await fetch('/me/data.json'); return [r.headers.get('content-disposition'), await r.text()] })
  expect(file[0].includes('attachment') && JSON.parse(file[1]).membership.entry.email === who.member, 'the file is not the member\'s own')
  expect(!file[1].includes(who.other), 'somebody else is in the file')
  await member.goto('/me/erase')
  await says(member, 'While you are a member')
  await b.look(member, 'erasure of a member')
  await member.goto(`/meetings/${arg.meeting}/access-needs`)
  await member.getByLabel('What do you need to take part?').fill('x'.repeat(501))
  await press(member, 'Save')
  await says(member, 'There is a problem')
  await member.getByLabel('What do you need to take part?').fill('A hearing loop')
  await press(member, 'Save')
  await says(member, 'What you need is noted', 'It is deleted on')
  await b.look(member, 'what I need')

  // The secretary.
  const secretary = await b.person('secretary')
  await signIn(secretary, who.secretary)
  await secretary.goto(`/meetings/${arg.meeting}/access-needs`)
  await says(secretary, 'A hearing loop')
  await b.look(secretary, 'what members need')
  await secretary.goto('/members/retention')
  await says(secretary, 'What is due', 'What members need at meetings: 1')
  await b.look(secretary, 'report on deletion')
  await member.goto('/officers/acts')
  await says(member, 'Looked at what members need at a meeting, once on this day')

  // In Welsh.
  for (const [path, sentence] of [['/logs', 'Log y gofrestr'], ['/officers/acts', 'Cofnododd rodd'], ['/me/data', 'Lawrlwytho fy nata'], [`/meetings/${arg.meeting}/access-needs`, 'Beth sydd ei angen arnoch']]) {
    await member.goto(`${path}?lang=cy`)
    await says(member, sentence)
    await b.look(member, `Welsh ${path.split('/').at(-1)}`)
  }
} catch (e) {
  b.problem('the walk', e.message)
}
await b.close()
console.log(`walked: ${b.count} pages, ${b.problems.length} problems`)
process.exit(b.problems.length ? 1 : 0)
