// Walks the story of a co-operative that decides something, in a real browser, against a house that runs:
//
//   node walk.mjs --base http://127.0.0.1:8080 [--mail URL] [--people JSON] [--shots FOLDER] [--chromium FILE]
//
// A visitor joins and confirms by the mailed code; the treasurer books the £1; attendance is taken; the chair opens a
// vote; members vote, one of them without JavaScript; a second vote is refused with the first receipt; the vote is closed
// while somebody is on the check page; the result is declared. --mail is where the mailbox answers as JSON (the house's
// own /dev/mail.json if not given), --people says who holds which part (/dev/people.json if not given). It needs a
// general meeting today with a motion accepted for it. --blind walks the story without looking at the pages, to try the
// story itself; it never passes. --thorough runs axe at two widths instead of one. The last line is "walked: N pages, M problems"; any problem is
// exit status 1.
import { Browser, textOf } from './browser.mjs'
import { parseArgs } from 'node:util'

const { values: arg } = parseArgs({
  options: {
    base: { type: 'string' }, mail: { type: 'string' }, people: { type: 'string' }, shots: { type: 'string' },
    chromium: { type: 'string', default: '/usr/bin/chromium' }, blind: { type: 'boolean', default: false },
    thorough: { type: 'boolean', default: false }
  }
})
const base = arg.base.replace(/\/$/, '')
const mailbox = arg.mail ?? `${base}/dev/mail.json`

class Stop extends Error {}

function expect (ok, what) {
  if (!ok) throw new Stop(what)
}

async function says (page, ...sentences) {
  const text = await textOf(page, 'body', sentences)
  for (const s of sentences) {
    expect(text.includes(s), `${page.url()} does not say "${s}" but: ${text.slice(0, 1500)}`)
  }
}

async function json (url) {
  const r = await fetch(url)
  expect(r.ok, `${url}: ${r.status}`)
  return r.json()
}

async function letters (to) {
  return (await json(`${mailbox}?to=${encodeURIComponent(to)}`)) ?? []
}

// mailed waits for a letter with a code that came after the first `before`.
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

async function follow (page, name) {
  await page.getByRole('link', { name }).first().click()
}

async function signIn (page, email, next) {
  const before = (await letters(email)).length
  await page.goto(next ? `/sign-in?next=${next}` : '/sign-in')
  await page.getByLabel('Email address').fill(email)
  await press(page, 'Send me an email')
  await page.getByLabel('Six-digit code').fill((await mailed(email, before)).code)
  await press(page, 'Continue')
  expect(!page.url().includes('/confirm'), `${email} is not signed in: ${(await page.locator('main').innerText()).slice(0, 400)}`)
}

async function cast () {
  if (arg.people) return JSON.parse(arg.people)
  const people = await json(`${base}/dev/people.json`)
  const holder = role => people.find(p => p.roles.some(r => r.role === role)).email
  const plain = people.filter(p => p.roles.length === 0)
  return { chair: holder('chair'), secretary: holder('secretary'), treasurer: holder('treasurer'), member: plain[0].email, other: plain[1].email, third: plain[2].email }
}

const b = await new Browser({ base, shots: arg.shots, executable: arg.chromium, blind: arg.blind, thorough: arg.thorough }).open()
try {
  const who = await cast()
  const stamp = Date.now()
  const joiner = { name: `Nia ab Owain-${stamp % 1000}`, email: `nia.${stamp}@example.org` }

  // A visitor looks around and joins.
  const visitor = await b.person('visitor')
  await visitor.goto('/')
  await says(visitor, 'One person, one membership, one vote.')
  await b.look(visitor, 'home')
  await visitor.goto('/join')
  await b.look(visitor, 'join')
  await press(visitor, 'Join')
  await says(visitor, 'There is a problem', 'Enter your full name')
  expect(await visitor.evaluate(() => document.activeElement.classList.contains('govuk-error-summary')), 'the error summary has no focus')
  await b.look(visitor, 'join with errors')
  await visitor.getByLabel('Full name').fill(joiner.name)
  await visitor.getByLabel('Email address').fill(joiner.email)
  await visitor.getByLabel('No group near me yet').check()
  await visitor.getByLabel('I declare that this is my only membership').check()
  await press(visitor, 'Join')
  await says(visitor, 'Check your email')
  await b.look(visitor, 'check your email')
  const letter = await mailed(joiner.email, 0)

  // A program that checks mail opens the link: nothing happens.
  const scanner = await b.person('mail scanner')
  expect(letter.link, 'the letter has no link')
  await scanner.goto(letter.link.replace(/^https?:\/\/[^/]+/, ''))
  await says(scanner, 'This browser did not ask for an email')
  await b.look(scanner, 'link in another browser')
  await visitor.goto(letter.link.replace(/^https?:\/\/[^/]+/, ''))
  await says(visitor, 'Press Continue to sign in')
  await b.look(visitor, 'confirm by link')
  await visitor.goto('/confirm')
  await visitor.getByLabel('Six-digit code').fill('000000' === letter.code ? '000001' : '000000')
  await press(visitor, 'Continue')
  await says(visitor, 'There is a problem')
  await b.look(visitor, 'wrong code')
  await visitor.getByLabel('Six-digit code').fill(letter.code)
  await press(visitor, 'Continue')
  await says(visitor, 'You have joined', 'Your £1')
  await b.look(visitor, 'my page after joining')

  // The treasurer books the £1.
  const treasurer = await b.person('treasurer')
  await signIn(treasurer, who.treasurer)
  await treasurer.goto('/ledger')
  await b.look(treasurer, 'accounts for the treasurer')
  await follow(treasurer, 'Record a donation')
  await treasurer.getByLabel('Who gave it?').fill(joiner.name)
  await press(treasurer, 'Find')
  await b.look(treasurer, 'who gave it')
  await follow(treasurer, joiner.name)
  await b.look(treasurer, 'record a donation')
  await treasurer.getByLabel('Amount').fill('1.005')
  await treasurer.getByLabel('Cash').check()
  await press(treasurer, 'Record a donation')
  await says(treasurer, 'Enter an amount in pounds and pence')
  await b.look(treasurer, 'donation with an error')
  await treasurer.getByLabel('Amount').fill('1')
  await press(treasurer, 'Record a donation')
  await says(treasurer, 'It is in the books.', 'Cash', joiner.name)
  await b.look(treasurer, 'an entry')
  await treasurer.goto('/ledger/entries/new')
  await b.look(treasurer, 'post another entry')
  await visitor.goto('/ledger')
  expect(!(await visitor.locator('body').innerText()).includes(joiner.name), 'the public accounts name who gave')
  let settled = ''
  for (let i = 0; i < 100 && !settled.includes('the £1 of your membership'); i++) {
    await visitor.goto('/me')
    settled = await visitor.locator('main').innerText()
    if (!settled.includes('Current member')) settled = ''
  }
  expect(settled.includes('Current member'), 'the £1 did not make the member current')
  await b.look(visitor, 'my page with the £1')

  // The chair runs the meeting.
  const chair = await b.person('chair')
  await signIn(chair, who.chair)
  const meetings = (await json(`${base}/v1/meetings`)).meetings.filter(m => m.kind !== 'MEETING_KIND_REGIONAL')
  const meeting = meetings.find(m => m.state === 'MEETING_STATE_OPEN') ?? meetings.find(m => m.state === 'MEETING_STATE_NOTICED')
  expect(meeting, 'there is no general meeting to run')
  await chair.goto(`/meetings/${meeting.id}`)
  await b.look(chair, 'a meeting')
  await press(chair, 'Run the meeting')
  await b.look(chair, 'run the meeting')
  const present = who.present ?? []
  for (const name of present) {
    await chair.goto(`/meetings/${meeting.id}/attendance`)
    await chair.getByLabel('Find a member').fill(name)
    await press(chair, 'Find')
    await b.look(chair, 'record who is here')
    await chair.getByRole('button', { name: new RegExp(`^Is here.*${name}$`) }).click()
    await says(chair, `${name} is recorded as here.`)
  }
  await chair.goto(`/meetings/${meeting.id}/run`)
  if (meeting.state === 'MEETING_STATE_NOTICED') {
    await press(chair, 'Open the meeting')
    await b.look(chair, 'open the meeting')
    await press(chair, 'Open the meeting')
    await says(chair, 'The meeting is open.')
  }
  await chair.getByRole('link', { name: /^Open the vote/ }).first().click()
  await says(chair, 'The roll is frozen')
  await b.look(chair, 'open the vote')
  const motion = new URL(chair.url()).pathname.split('/')[2]
  await press(chair, 'Open the vote')
  await says(chair, 'The vote is open.')
  let ballot = ''
  for (let i = 0; i < 100 && !ballot; i++) {
    const m = await json(`${base}/v1/motions/${motion}`)
    if (m.state === 'MOTION_STATE_VOTING') ballot = m.vote.ballot
    else await new Promise(resolve => setTimeout(resolve, 100))
  }
  expect(ballot, 'the vote did not open')
  await chair.goto(`/meetings/${meeting.id}/run`)
  await says(chair, '0 of ')
  await b.look(chair, 'run the meeting with a vote open')

  // A member votes: choose, check, receipt. A second window has the same check page open.
  const member = await b.person('member')
  await member.goto(`/ballots/${ballot}`)
  await says(member, 'Sign in to vote on this question.')
  await b.look(member, 'ballot before signing in')
  await signIn(member, who.member, `/ballots/${ballot}`)
  await b.look(member, 'ballot')
  await press(member, 'Continue')
  await says(member, 'Choose for, against or abstain')
  await b.look(member, 'ballot with an error')
  const second = await member.context().newPage()
  for (const [page, choice] of [[member, 'For'], [second, 'Against']]) {
    await page.goto(`/ballots/${ballot}`)
    await page.getByLabel(choice, { exact: true }).check()
    await press(page, 'Continue')
    await says(page, 'Your vote is not sent yet.')
  }
  await b.look(member, 'check your vote')
  await press(member, 'Send my vote')
  await says(member, 'Your vote is stored')
  await b.look(member, 'receipt')
  const receipt = await member.locator('.app-code--receipt').innerText()
  expect(/^([0-9A-Z]{4}-){3}[0-9A-Z]{4}$/.test(receipt), `the receipt is ${receipt}`)
  await press(second, 'Send my vote')
  await says(second, 'You had already voted', receipt)
  await b.look(second, 'second vote')
  await member.goto(`/ballots/${ballot}`)
  await says(member, receipt)

  // Another votes without JavaScript, in a browser that asks for Welsh pages first and then English.
  const plain = await b.person('without scripts', { script: false })
  await signIn(plain, who.other, `/ballots/${ballot}`)
  await plain.goto(`/ballots/${ballot}?lang=cy`)
  await says(plain, "Sut ydych chi'n pleidleisio?", "wedi'i gwirio eto")
  await b.look(plain, 'ballot in Welsh without scripts')
  await plain.getByRole('link', { name: 'English' }).click()
  await plain.getByLabel('Against', { exact: true }).check()
  await press(plain, 'Continue')
  await says(plain, 'Your vote is not sent yet.')
  await press(plain, 'Send my vote')
  await says(plain, 'Your vote is stored')
  await b.look(plain, 'receipt without scripts')
  await plain.goto(`/meetings/${meeting.id}`)
  await b.look(plain, 'meeting without scripts')

  // Who joined after the notice is told why they cannot vote.
  await visitor.goto(`/ballots/${ballot}`)
  await says(visitor, 'You are not on the roll for this vote', 'The rule looks at')
  await b.look(visitor, 'not on the roll')

  // A third is on the check page when the chair closes.
  const late = await b.person('too late')
  await signIn(late, who.third, `/ballots/${ballot}`)
  await late.getByLabel('Abstain').check()
  await press(late, 'Continue')
  await says(late, 'Your vote is not sent yet.')
  await chair.goto(`/meetings/${meeting.id}/run`)
  await says(chair, '2 of ')
  await chair.goto(`/motions/${motion}/close-vote`)
  await says(chair, '2 of ')
  await b.look(chair, 'close the vote')
  await press(chair, 'Close the vote')
  await says(chair, 'The vote is closed.')
  await press(late, 'Send my vote')
  await says(late, 'Voting is closed', 'Nothing was sent', 'was not counted')
  await b.look(late, 'closed on the check page')
  await visitor.goto(`/motions/${motion}`)
  expect(await visitor.getByRole('heading', { name: 'Result', exact: true }).count() === 0, 'a result before it is declared')
  expect(!(await json(`${base}/v1/motions/${motion}`)).vote.result, 'figures of the motion before they are declared')
  expect(!(await json(`${base}/v1/ballots/${ballot}`)).figures, 'figures of the ballot before they are declared')

  // The result, and a receipt looked up by anybody.
  await chair.goto(`/motions/${motion}/declare`)
  await b.look(chair, 'declare')
  await press(chair, 'Declare the result')
  await says(chair, 'The result is declared.', '1 for, 1 against.', 'Rule', 'Counted of')
  await scanner.goto(`/motions/${motion}`)
  await says(scanner, 'Lost: 1 for, 1 against.', 'members on the roll voted')
  expect(await scanner.getByRole('heading', { name: 'Result', exact: true }).count() === 1, 'no result after it is declared')
  await b.look(scanner, 'result')
  await follow(scanner, 'Check that a receipt is in the count')
  await scanner.getByLabel('Receipt code').fill(receipt.toLowerCase().replaceAll('-', ' '))
  await press(scanner, 'Look it up')
  await says(scanner, "This receipt's vote is stored and is counted.")
  await b.look(scanner, 'receipt found')
  await scanner.getByLabel('Receipt code').fill('2222-2222-2222-2222')
  await press(scanner, 'Look it up')
  await says(scanner, 'No vote in this ballot has that code.')
  await b.look(scanner, 'receipt not found')

  // The rest of the pages, and some of them in Welsh.
  const pages = ['/meetings', '/motions', '/ledger', '/officers', '/regions', '/rules', '/help', '/privacy', '/cookies', '/accessibility', '/founding', '/api/docs', '/sign-in', '/nothing-here']
  for (const path of pages) {
    await scanner.goto(path)
    await b.look(scanner, path)
  }
  await scanner.goto('/?lang=cy')
  await b.look(scanner, 'home in Welsh')
  for (const path of ['/join', `/motions/${motion}`, '/ledger', '/rules']) {
    await scanner.goto(path)
    await b.look(scanner, `${path.replace(motion, 'motion')} in Welsh`)
  }
  await chair.goto('/members')
  await b.look(chair, 'members')
  await chair.locator('.app-table a').first().click()
  await b.look(chair, 'a member')
  const secretary = await b.person('secretary')
  await signIn(secretary, who.secretary)
  for (const path of ['/meetings/new', '/regions', '/officers']) {
    await secretary.goto(path)
    await b.look(secretary, `secretary ${path}`)
  }

  // The secretary plans a special meeting, and a member proposes for it that the rules change.
  const soon = new Date(Date.now() + 60 * 24 * 3600 * 1000)
  const special = `A special meeting ${stamp % 1000}`
  await secretary.goto('/meetings/new')
  await secretary.getByLabel('Special general meeting').check()
  await secretary.getByLabel('Title').fill(special)
  await secretary.getByLabel('Where', { exact: true }).fill('The hall')
  await secretary.getByLabel('Day', { exact: true }).fill(`${soon.getDate()} ${soon.getMonth() + 1} ${soon.getFullYear()}`)
  await secretary.getByLabel('Time', { exact: true }).fill('14:00')
  await press(secretary, 'Draft this meeting')
  await says(secretary, special)
  await b.look(secretary, 'a planned meeting')
  await member.goto('/rules')
  await follow(member, 'Propose a change of the rules')
  await b.look(member, 'propose a change of the rules')
  await press(member, 'See what it would mean')
  await says(member, 'There is a problem', 'Change at least one rule')
  const agmQuorum = member.locator('[name="quorum.agm"]')
  await agmQuorum.fill('as many as come')
  await press(member, 'See what it would mean')
  await says(member, 'There is a problem')
  expect(await agmQuorum.inputValue() === 'as many as come', 'what was typed is lost')
  await b.look(member, 'a rule that cannot be followed')
  await agmQuorum.fill('lower of 50 and 5% of members')
  await press(member, 'See what it would mean')
  await says(member, 'members the quorum is')
  await b.look(member, 'what a change would mean')
  await member.getByLabel('Title').fill('A smaller quorum')
  await press(member, 'Move this motion')
  await says(member, 'Choose the general meeting')
  await member.getByLabel(special).check()
  await press(member, 'Move this motion')
  await says(member, 'Your motion is moved', 'What it changes in the rules', 'quorum.agm', 'lower of 50 and 5% of members', 'Extraordinary resolution')
  await b.look(member, 'a motion that changes rules')
  await member.goto('/me')
  await b.look(member, 'my page of a member')
  await press(member, 'Menu')
  await follow(member, 'Sign out')
  await b.look(member, 'sign out')
  await press(member, 'Sign out')
  await member.goto('/me')
  expect(new URL(member.url()).pathname === '/sign-in', 'signed out and still in')
} catch (e) {
  b.problem('the story', e instanceof Stop ? e.message : (e.stack ?? String(e)))
} finally {
  await b.close()
}
console.log(`walked: ${b.count} pages, ${b.problems.length} problems`)
process.exitCode = b.problems.length === 0 && b.count > 0 ? 0 : 1
