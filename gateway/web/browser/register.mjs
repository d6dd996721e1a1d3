// Walks what happens to entries of the register, in a real browser, against a house that runs:
//
//   node register.mjs --base URL --mail URL --people JSON [--shots FOLDER] [--chromium FILE] [--blind] [--thorough]
//
// A member moves, changes their name and address, asks about their standing and objects to an entry; the secretary records an
// expulsion that a meeting decided; the expelled person applies again and waits; the chair decides; two officers examine a
// possible double; the member leaves, without JavaScript; the last secretary cannot. The last line is "walked: N pages, M problems".
import { Browser, textOf } from './browser.mjs'
import { parseArgs } from 'node:util'

const { values: arg } = parseArgs({
  options: {
    base: { type: 'string' }, mail: { type: 'string' }, people: { type: 'string' }, shots: { type: 'string' },
    chromium: { type: 'string', default: '/usr/bin/chromium' }, blind: { type: 'boolean', default: false },
    thorough: { type: 'boolean', default: false }
  }
})

class Stop extends Error {}

function expect (ok, what) {
  if (!ok) throw new Stop(what)
}

async function says (page, ...sentences) {
  const text = await textOf(page, 'body', sentences)
  for (const s of sentences) expect(text.includes(s), `${page.url()} does not say "${s}" but: ${text.slice(0, 1500)}`)
}

async function letters (to) {
  const r = await fetch(`${arg.mail}?to=${encodeURIComponent(to)}`)
  expect(r.ok, `the mailbox: ${r.status}`)
  return (await r.json()) ?? []
}

// mailed waits for a letter that came after the first `before` and that `good` accepts.
async function mailed (to, before, good = l => l.code) {
  for (let i = 0; i < 200; i++) {
    const found = (await letters(to)).slice(before).find(good)
    if (found) return found
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  throw new Stop(`no such mail came to ${to}`)
}

const press = (page, name) => page.getByRole('button', { name, exact: true }).click()
const follow = (page, name) => page.getByRole('link', { name }).first().click()

async function signIn (page, email) {
  const before = (await letters(email)).length
  await page.goto('/sign-in')
  await page.getByLabel('Email address').fill(email)
  await press(page, 'Send me an email')
  await page.getByLabel('Six-digit code').fill((await mailed(email, before)).code)
  await press(page, 'Continue')
  expect(page.url().endsWith('/me'), `${email} is not signed in: ${(await page.locator('main').innerText()).slice(0, 400)}`)
}

const b = await new Browser({ base: arg.base.replace(/\/$/, ''), shots: arg.shots, executable: arg.chromium, blind: arg.blind, thorough: arg.thorough }).open()
try {
  const who = JSON.parse(arg.people)

  // A member changes their own entry.
  const member = await b.person('member')
  await signIn(member, who.member)
  await b.look(member, 'my page with links to the entry')
  await follow(member, 'Move to another regional group')
  await b.look(member, 'move')
  await press(member, 'Move to another regional group')
  await says(member, 'Choose a regional group')
  await member.getByLabel('London').check()
  await press(member, 'Move to another regional group')
  await says(member, 'The move is recorded.', 'Moved to another group (London)')
  await b.look(member, 'history')
  await member.goto('/me')
  await follow(member, 'Change the name')
  await member.getByLabel('New full name').fill('Asha Member-Owen')
  await b.look(member, 'rename')
  await press(member, 'Change the name')
  await says(member, 'Changed the name to Asha Member-Owen')
  await member.goto('/me')
  await follow(member, 'Change your email address')
  await b.look(member, 'another address')
  const old = (await letters(who.member)).length
  await member.getByLabel('New email address').fill('asha@new.example.org')
  await press(member, 'Send me an email')
  await b.look(member, 'confirm another address')
  const proof = await mailed('asha@new.example.org', 0)
  await member.goto(proof.link.replace(/^https?:\/\/[^/]+/, ''))
  await says(member, 'Press Continue to use the new address.')
  await b.look(member, 'confirm another address by link')
  await press(member, 'Continue')
  await says(member, 'We use your new address from now on', 'Changed the email address')
  await mailed(who.member, old, l => l.subject.includes('has changed'))

  // Why am I (not) in good standing on this date?
  await follow(member, 'Good standing on a date')
  await says(member, 'In good standing on', 'The £1 settled on', 'Rule book 1 was in force')
  await b.look(member, 'standing today')
  await member.getByLabel('On which day?').fill('1/1/2020')
  await press(member, 'Look at this date')
  await says(member, 'Not in good standing on 1 January 2020', 'There was no such entry in the register yet.', 'No rule book was in force.')
  await member.getByLabel('On which day?').fill('the other day')
  await press(member, 'Look at this date')
  await says(member, 'There is a problem')
  await b.look(member, 'standing with an error')
  await member.goto(new URL(member.url()).pathname + '?lang=cy')
  await says(member, 'Mewn statws da ar', 'Setlwyd y £1 ar')
  await b.look(member, 'standing in Welsh')
  await member.goto('/me/entry')
  await b.look(member, 'history in Welsh')
  await member.goto('/me?lang=en')

  // They object to an entry.
  await follow(member, 'Object to an entry')
  await member.getByLabel('Membership number').fill('5')
  await member.getByLabel('What is wrong?').fill('Ben told me that he holds another membership.')
  await press(member, 'Send the objection')
  await says(member, 'Your objection is recorded.', 'Waits for an answer')
  await b.look(member, 'objections of a member')

  // The secretary records the expulsion that the meeting decided; a motion that is not carried is refused.
  const secretary = await b.person('secretary')
  await signIn(secretary, who.secretary)
  await secretary.goto(`/members/${who.expelledId}`)
  await b.look(secretary, 'a member with what the secretary may do')
  await follow(secretary, 'Record the end of a membership')
  await press(secretary, 'Record the end of a membership')
  await says(secretary, 'Choose how the membership ended', 'Enter a reason')
  await secretary.getByLabel('A general meeting expelled the member').check()
  await secretary.getByLabel('Why', { exact: true }).fill('The annual general meeting decided it.')
  await press(secretary, 'Record the end of a membership')
  await says(secretary, 'Name the motion that expelled the member')
  await b.look(secretary, 'record an end with an error')
  await secretary.getByLabel('For an expulsion: the motion (optional)').fill(`${arg.base}/motions/${who.motion}`)
  await press(secretary, 'Record the end of a membership')
  await says(secretary, 'The end of the membership is recorded.', 'Expelled by a resolution', 'The annual general meeting decided it.')
  await b.look(secretary, 'history of an expelled member')
  await follow(secretary, 'The resolution')
  await says(secretary, 'To expel a member')

  // The expelled person joins again, and waits for the board.
  const expelled = await b.person('expelled')
  const before = (await letters(who.expelled)).length
  await expelled.goto('/join')
  await expelled.getByLabel('Full name').fill('Carol Cheat')
  await expelled.getByLabel('Email address').fill(who.expelled)
  await expelled.getByLabel('London').check()
  await expelled.getByLabel('I declare that this is my only membership').check()
  await press(expelled, 'Join')
  await expelled.getByLabel('Six-digit code').fill((await mailed(who.expelled, before)).code)
  await press(expelled, 'Continue')
  await says(expelled, 'waits for a decision', 'expelled by a resolution')
  await b.look(expelled, 'my page of who waits')

  // The secretary sees the queue and may not decide; the chair does for the board.
  await secretary.goto('/members')
  await b.look(secretary, 'members with what waits')
  await follow(secretary, 'Applications')
  await says(secretary, 'Carol Cheat', 'A former member: expelled by a resolution.')
  expect(await secretary.getByRole('link', { name: 'Decide on this application' }).count() === 0, 'the secretary is offered a decision of the board')
  const chair = await b.person('chair')
  await signIn(chair, who.chair)
  await chair.goto('/applications')
  await b.look(chair, 'applications')
  await follow(chair, 'Decide on this application')
  await press(chair, 'Decide on this application')
  await says(chair, 'Choose whether to admit or refuse')
  await b.look(chair, 'decide on an application with an error')
  await chair.getByLabel('Admit', { exact: true }).check()
  await chair.getByLabel('Why', { exact: true }).fill('The board heard her and agreed.')
  await press(chair, 'Decide on this application')
  await says(chair, 'The applicant is a member and has been told.', 'Nobody waits for a decision.')
  const told = await mailed(who.expelled, before, l => l.subject.startsWith('You are a member'))
  expect(told.text.includes('The board heard her and agreed.'), 'the reason is not in the mail')
  await expelled.goto('/me/entry')
  await says(expelled, 'Admitted again', 'By Founder chair.')

  // Two officers examine a possible double.
  await secretary.goto('/doubles')
  await says(secretary, 'Nia Jones', 'Nobody has looked yet', 'Not compared: who paid a £1')
  await b.look(secretary, 'possible doubles')
  await follow(secretary, 'Examine these two entries')
  await secretary.getByLabel('Two people').check()
  await secretary.getByLabel('Why', { exact: true }).fill('I rang both: an aunt and her niece.')
  await b.look(secretary, 'examine a pair')
  await press(secretary, 'Examine these two entries')
  await says(secretary, 'Your finding is recorded.', 'A second officer has to look')
  await follow(secretary, 'Examine these two entries')
  await secretary.getByLabel('Two people').check()
  await secretary.getByLabel('Why', { exact: true }).fill('I am sure.')
  await press(secretary, 'Examine these two entries')
  await says(secretary, 'Another officer than the first one has to look.')
  const treasurer = await b.person('treasurer')
  await signIn(treasurer, who.treasurer)
  await treasurer.goto('/doubles')
  await follow(treasurer, 'Examine these two entries')
  await says(treasurer, 'Founder secretary found two people: I rang both: an aunt and her niece.')
  await treasurer.getByLabel('Two people').check()
  await treasurer.getByLabel('Why', { exact: true }).fill('I met both.')
  await press(treasurer, 'Examine these two entries')
  await says(treasurer, 'The pair is settled.', '1 pair has been examined by two officers so far.')
  await b.look(treasurer, 'doubles examined')

  // The treasurer waives a £1, and the chair answers the objection.
  await treasurer.goto(`/members/${who.twins[0]}`)
  await follow(treasurer, 'Waive the £1')
  await b.look(treasurer, 'waive')
  await treasurer.getByLabel('Why', { exact: true }).fill('Out of work.')
  await press(treasurer, 'Waive the £1')
  await says(treasurer, 'The £1 is waived.')
  await chair.goto('/objections')
  await says(chair, 'Membership number 5, Ben Other')
  await follow(chair, 'Answer this objection')
  await chair.getByLabel('No: nothing is wrong with the entry').check()
  await chair.getByLabel('Why', { exact: true }).fill('He holds one: the other Ben is another person.')
  await b.look(chair, 'answer an objection')
  await press(chair, 'Answer this objection')
  await says(chair, 'The objection is answered.', 'Dismissed')

  // The last secretary cannot leave. A member can, without scripts.
  await secretary.goto('/me/leave')
  await secretary.getByLabel('I have read this and want to leave').check()
  await press(secretary, 'Leave the co-operative')
  await says(secretary, 'This is the last secretary')
  const plain = await b.person('without scripts', { script: false })
  await signIn(plain, who.other)
  await follow(plain, 'Leave the co-operative')
  await press(plain, 'Leave the co-operative')
  await says(plain, 'Tick the box to say that you have read what leaves with you')
  await b.look(plain, 'leave with an error without scripts')
  await plain.getByLabel('Why are you leaving? (optional)').fill('I moved abroad.')
  await plain.getByLabel('I have read this and want to leave').check()
  const farewell = (await letters(who.other)).length
  await press(plain, 'Leave the co-operative')
  await says(plain, 'Your membership has ended.')
  await b.look(plain, 'left without scripts')
  await plain.goto('/me')
  await says(plain, 'Sign in')
  await mailed(who.other, farewell, l => l.subject.includes('has ended'))
  await member.goto('/me/leave?lang=cy')
  await b.look(member, 'leave in Welsh')
} catch (e) {
  b.problem('the walk', e instanceof Stop ? e.message : e.stack)
} finally {
  await b.close()
}
console.log(`walked: ${b.count} pages, ${b.problems.length} problems`)
process.exit(b.problems.length === 0 && !arg.blind ? 0 : 1)
