// Walks an amendment in a real browser, against a house that runs:
//
//   node amendment.mjs --base URL --mail URL --people JSON --motion ID --phase before|meeting [--shots FOLDER] [--chromium FILE]
//
// Before the meeting: two members, one of them without JavaScript, write over the clauses of a motion, see the change, are
// told what clashes, and move it; each seconds the other's; the secretary accepts both; anybody reads the motion as it would
// be, in Welsh too. At the meeting: the amendment that comes first is put, carried, and makes the other fall. The last line
// is "walked: N pages, M problems".
import { Browser, textOf } from './browser.mjs'
import { parseArgs } from 'node:util'

const { values: arg } = parseArgs({
  options: {
    base: { type: 'string' }, mail: { type: 'string' }, people: { type: 'string' }, motion: { type: 'string' }, phase: { type: 'string' },
    shots: { type: 'string' }, chromium: { type: 'string', default: '/usr/bin/chromium' }, thorough: { type: 'boolean', default: false }
  }
})
const who = JSON.parse(arg.people)
const motion = `/motions/${arg.motion}`

function expect (ok, what) { if (!ok) throw new Error(what) }

async function says (page, ...sentences) {
  const text = await textOf(page, 'body', sentences)
  for (const s of sentences) expect(text.includes(s), `${page.url()} does not say "${s}" but: ${text.slice(0, 1500)}`)
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
  await page.waitForURL(u => !u.pathname.startsWith('/sign-in'))
}

// section is the part of the list that shows an amendment.
const section = (page, number) => page.locator(`#amendment-${number}`)

async function follow (page, name) { await page.getByRole('link', { name }).first().click() }

async function before (b) {
  // Without scripts: the change is seen before it is moved, and what was written is not lost.
  const plain = await b.person('other', { script: false })
  await signIn(plain, who.other)
  await plain.goto(motion)
  await follow(plain, 'Amendments')
  await says(plain, 'No amendment has been moved.', 'The last moment to move an amendment is')
  await b.look(plain, 'no amendments')
  await follow(plain, 'Move an amendment')
  await says(plain, 'Write over the clauses')
  await b.look(plain, 'write an amendment')
  await press(plain, 'See the change')
  await says(plain, 'There is a problem', 'Change at least one clause')
  await plain.getByLabel('Clause 2', { exact: true }).fill('1. may bid for public funding;')
  await press(plain, 'See the change')
  await says(plain, 'Your amendment is not moved yet.', 'Clause 2, changed')
  expect(await plain.locator('ins').count() === 1 && (await plain.locator('ins').innerText()).includes('public'), 'the change is not marked')
  await b.look(plain, 'check an amendment')
  await press(plain, 'Change what I wrote')
  expect(await plain.getByLabel('Clause 2', { exact: true }).inputValue() === '1. may bid for public funding;', 'what was written is lost')
  await press(plain, 'See the change')
  await press(plain, 'Move this amendment')
  await says(plain, 'Your amendment is moved.', 'Amendment 1')

  // Another member leaves the clause out; the first amendment is not shown to everybody yet, but to who may second it.
  const member = await b.person('member')
  await signIn(member, who.member)
  await member.goto(`${motion}/amendments`)
  await says(member, 'Amendment 1', 'Needs a seconder')
  await follow(member, 'Move an amendment')
  await member.getByLabel('Clause 2', { exact: true }).fill('')
  await press(member, 'See the change')
  await says(member, 'Clause 2, left out', 'What cannot stand beside it', 'If this is carried, amendment 1 falls. Its clause is then left out.',
    'It falls if amendment 1 is carried.')
  await b.look(member, 'an amendment that clashes')
  await press(member, 'Move this amendment')
  await says(member, 'Amendment 2')
  for (const [page, number] of [[member, 1], [plain, 2]]) {
    await page.goto(`${motion}/amendments`)
    await section(page, number).getByRole('link', { name: /^Second it, vote/ }).click()
    await follow(page, 'Second this motion')
    await press(page, 'Second this motion')
    await says(page, 'You have seconded this motion.')
  }

  const secretary = await b.person('secretary')
  await signIn(secretary, who.secretary)
  for (const number of [1, 2]) {
    await secretary.goto(`${motion}/amendments`)
    await section(secretary, number).getByRole('link', { name: /^Second it, vote/ }).click()
    if (number === 1) await b.look(secretary, 'an amendment as a motion')
    await follow(secretary, 'Accept for the order paper')
    await press(secretary, 'Accept for the order paper')
    await says(secretary, 'It is on the order paper.')
  }

  // Anybody: what falls with what, and how it would read.
  const visitor = await b.person('visitor')
  await visitor.goto(`${motion}/amendments`)
  await says(visitor, 'If this is carried, amendment 2 falls. It would undo words that are then decided.')
  await b.look(visitor, 'amendments')
  await follow(visitor, 'How the motion would read')
  await visitor.getByLabel('Amendment 2').check()
  await press(visitor, 'Show the text')
  await says(visitor, 'Clause 2, left out')
  await b.look(visitor, 'how it would read')
  await visitor.getByLabel('Amendment 1').check()
  await press(visitor, 'Show the text')
  await says(visitor, 'There is a problem', 'These amendments cannot all be carried')
  await b.look(visitor, 'cannot all be carried')

  const welsh = await b.person('cymraes', { lang: 'cy' })
  await welsh.goto(`${motion}/amendments?lang=cy`)
  await says(welsh, 'Gwelliannau', 'Os derbynnir hwn, mae gwelliant 2 yn syrthio.', 'Ar y papur trefn')
  await b.look(welsh, 'gwelliannau')
  await welsh.goto(`${motion}/reading`)
  await says(welsh, 'Sut y byddai')
}

async function vote (page, ballot, choice) {
  await page.goto(`/ballots/${ballot}`)
  await page.getByLabel(choice, { exact: true }).check()
  await press(page, 'Continue')
  await press(page, 'Send my vote')
  await says(page, 'Your vote is stored')
}

async function meeting (b) {
  const chair = await b.person('chair')
  await signIn(chair, who.chair)
  const m = await (await fetch(`${arg.base}/v1/motions/${arg.motion}`)).json()
  // The motion is not put before its amendments.
  await chair.goto(`${motion}/open-vote`)
  await press(chair, 'Open the vote')
  await says(chair, 'There is a problem', 'An amendment on the order paper is voted on before the motion.')
  await chair.goto(`/meetings/${m.meeting}/run`)
  await b.look(chair, 'run a meeting with amendments')
  const first = (await (await fetch(`${arg.base}/v1/motions/${arg.motion}/amendments`)).json()).amendments[0].motion.id
  await chair.goto(`/motions/${first}/open-vote`)
  await press(chair, 'Open the vote')
  await says(chair, 'The vote is open.')
  const ballot = (await (await fetch(`${arg.base}/v1/motions/${first}`)).json()).vote.ballot

  const member = await b.person('member')
  await signIn(member, who.member)
  await vote(member, ballot, 'For')
  const plain = await b.person('other', { script: false })
  await signIn(plain, who.other)
  await vote(plain, ballot, 'For')

  await chair.goto(`/motions/${first}/close-vote`)
  await press(chair, 'Close the vote')
  await says(chair, 'The vote is closed.')
  await chair.goto(`/motions/${first}/declare`)
  await press(chair, 'Declare the result')
  await says(chair, 'The result is declared.', 'Carried: 2 for, 0 against.')
  await b.look(chair, 'an amendment carried')

  await plain.goto(`${motion}/amendments`)
  await says(plain, 'It fell when amendment 1 was decided.', 'Fallen', 'The text so far', 'As changed by amendment 1')
  await b.look(plain, 'an amendment fallen')
  await plain.goto(motion)
  await says(plain, 'may bid for public funding')
  await b.look(plain, 'the motion as amended')
}

const b = await new Browser({ base: arg.base.replace(/\/$/, ''), shots: arg.shots, executable: arg.chromium, thorough: arg.thorough }).open()
try {
  await (arg.phase === 'before' ? before : meeting)(b)
} catch (e) {
  b.problem('the walk', e.stack)
}
await b.close()
console.log(`walked: ${b.count} pages, ${b.problems.length} problems`)
process.exit(b.problems.length ? 1 : 0)
