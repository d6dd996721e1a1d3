// Walks the reports of a co-operative in a real browser, against a house that runs:
//
//   node report.mjs --base http://127.0.0.1:8080 --mail URL --people JSON --downloads FOLDER [--shots FOLDER] [--chromium FILE]
//
// A visitor without JavaScript reads reports at a date, looks at the chart beside the table, is told what is wrong with a date, takes a
// CSV file and the auditor's pack away (the pack is left as pack.zip in the folder of downloads, for folkmoot verify); a member prints
// what they gave; the secretary sees who has not given and the member does not; the treasurer sees what may have been entered twice;
// everything is read in Welsh too. The last line is "walked: N pages, M problems".
import { Browser, textOf } from './browser.mjs'
import { parseArgs } from 'node:util'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const { values: arg } = parseArgs({
  options: {
    base: { type: 'string' }, mail: { type: 'string' }, people: { type: 'string' }, shots: { type: 'string' }, downloads: { type: 'string' },
    chromium: { type: 'string', default: '/usr/bin/chromium' }, thorough: { type: 'boolean', default: false }
  }
})
const base = arg.base.replace(/\/$/, '')
const people = JSON.parse(arg.people)

class Stop extends Error {}

function expect (ok, what) {
  if (!ok) throw new Stop(what)
}

async function says (page, ...sentences) {
  const text = await textOf(page, 'main', sentences)
  for (const s of sentences) expect(text.includes(s), `${page.url()} does not say "${s}" but: ${text.slice(0, 1500)}`)
}

async function letters (to) {
  const r = await fetch(`${arg.mail}?to=${encodeURIComponent(to)}`)
  expect(r.ok, `the mailbox answers ${r.status}`)
  return (await r.json()) ?? []
}

async function signIn (page, email) {
  const before = (await letters(email)).length
  await page.goto('/sign-in')
  await page.getByLabel('Email address').fill(email)
  await page.getByRole('button', { name: 'Send me an email' }).click()
  let code
  for (let i = 0; i < 200 && !code; i++) {
    const all = await letters(email)
    if (all.length > before) code = all.at(-1).code
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  expect(code, `no code came to ${email}`)
  await page.getByLabel('Six-digit code').fill(code)
  await page.getByRole('button', { name: 'Continue' }).click()
}

// take follows a link that downloads, and returns where the file lies and its name.
async function take (page, name, as) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name, exact: true }).click()])
  const file = join(arg.downloads, as)
  await download.saveAs(file)
  return [file, download.suggestedFilename()]
}

const look = new Browser({ base, executable: arg.chromium, shots: arg.shots, thorough: arg.thorough })
await look.open()
let status = 0
try {
  const visitor = await look.person('visitor', { script: false })
  await visitor.goto('/ledger')
  await visitor.getByRole('link', { name: 'Reports', exact: true }).click()
  await look.look(visitor, 'reports')
  await says(visitor, 'Income and expenditure', 'Gaps in the numbers', "The auditor's pack")
  expect(!(await visitor.locator('main').innerText()).includes('Who has not given'), 'a visitor is offered who has not given')
  expect((await visitor.goto('/ledger/reports/not-given')).url().includes('/sign-in'), 'a visitor sees who has not given')

  await visitor.goto('/ledger/reports/income-and-expenditure')
  await says(visitor, 'Donations', 'Hall hire', people.surplus)
  const drawn = await visitor.locator('.app-bar rect[fill="#512b58"]').first().getAttribute('width')
  expect(drawn === '100%', `the longest bar is ${drawn} long`)
  await visitor.getByLabel('Last day').fill(people.before)
  await visitor.getByRole('button', { name: 'Show' }).click()
  await says(visitor, 'Donations', people.surplusBefore)
  expect(!(await visitor.locator('main').innerText()).includes('Hall hire'), 'what was spent later is in the report of an earlier day')
  await visitor.getByLabel('Last day').fill('31/2/2026')
  await visitor.getByRole('button', { name: 'Show' }).click()
  await says(visitor, 'There is a problem')
  await look.look(visitor, 'a date that is none')

  // axe needs scripts: the same pages once more with them.
  const reader = await look.person('reader')
  for (const [report, ...sentences] of [
    ['income-and-expenditure', 'Surplus', people.surplus], ['balance-sheet', 'What the society has', 'Surplus of all years'],
    ['receipts-and-payments', 'At the beginning', 'At the end'], ['trial-balance', 'Bank account', 'Total'],
    ['donations-by-region', 'London', 'Midlands', 'Regions that are not shown', 'not shown'], ['changes-after-close', 'Changes after the close'],
    ['gaps', 'No number is missing', 'Every entry was made in its turn']
  ]) {
    await reader.goto(`/ledger/reports/${report}`)
    await says(reader, ...sentences)
    await look.look(reader, report)
  }
  await reader.goto('/ledger/reports/changes-after-close?to_date=' + encodeURIComponent(people.before))
  await says(reader, 'Entry ', 'Donation')

  await reader.goto('/ledger/reports/income-and-expenditure')
  const [csv, csvName] = await take(reader, 'Take this as a CSV file', 'income.csv')
  const text = readFileSync(csv, 'utf8')
  expect(csvName.startsWith('income-and-expenditure-') && csvName.endsWith('.csv'), `the file is called ${csvName}`)
  expect(text.startsWith('section,line,name,amount\r\n') && text.includes('surplus,total,,' + people.surplus.replace('£', '')), `the CSV file holds ${text}`)
  await reader.emulateMedia({ media: 'print' })
  expect(!(await reader.getByRole('button', { name: 'Show' }).isVisible()), 'the form would be printed')
  expect(await reader.getByRole('table').first().isVisible() && await reader.locator('.app-bar__drawing').first().isVisible(), 'table or chart would not be printed')
  if (arg.shots) {
    await reader.setViewportSize({ width: 794, height: 1123 })
    await reader.screenshot({ path: join(arg.shots, 'print-income-and-expenditure.png'), fullPage: true })
    await reader.setViewportSize({ width: 390, height: 844 })
  }
  await reader.emulateMedia({ media: 'screen' })

  await reader.goto('/ledger/pack')
  await look.look(reader, 'pack')
  const [, packName] = await take(reader, "Download the auditor's pack", 'pack.zip')
  expect(/^auditors-pack-\d{4}-\d\d-\d\d\.zip$/.test(packName), `the pack is called ${packName}`)
  await reader.goto('/ledger/programs')
  await look.look(reader, 'programs')
  const [bank] = await take(reader, 'FreeAgent: bank statement', 'freeagent.csv')
  expect(/^\d\d\/\d\d\/\d{4},1\.00,Donation \(entry \d+\)\r\n/.test(readFileSync(bank, 'utf8')), `FreeAgent would get ${readFileSync(bank, 'utf8').slice(0, 200)}`)
  await reader.goto('/ledger/leaf')
  await look.look(reader, 'leaf')

  const member = await look.person('member')
  await signIn(member, people.member)
  await member.goto('/me')
  await member.getByRole('link', { name: /Your own statement/ }).click()
  await says(member, 'What Asha Member gave', '1.00')
  await look.look(member, 'giving')
  await member.goto('/ledger/reports/not-given')
  await says(member, 'Page not found')

  const secretary = await look.person('secretary')
  await signIn(secretary, people.secretary)
  await secretary.goto('/ledger/reports')
  await secretary.getByRole('link', { name: 'Who has not given' }).click()
  await says(secretary, 'Nora Not Yet')
  expect(!(await secretary.locator('main').innerText()).includes('Asha Member'), 'somebody who gave is among those who have not')
  await look.look(secretary, 'not given')
  const [list] = await take(secretary, 'Take this as a CSV file', 'notgiven.csv')
  expect(readFileSync(list, 'utf8').includes('Nora Not Yet,nora@example.org'), 'the file does not hold who has not given')
  await secretary.goto('/ledger/reports/duplicates')
  expect(!(await secretary.locator('main').innerText()).includes('Same giver'), 'the secretary sees which entries are of one giver')

  const treasurer = await look.person('treasurer')
  await signIn(treasurer, people.treasurer)
  await treasurer.goto('/ledger/reports/duplicates')
  await says(treasurer, 'Same giver, same sum, same day', 'Entry ')
  await look.look(treasurer, 'duplicates')
  await treasurer.goto('/ledger/reports/donations-by-region')
  await says(treasurer, 'Devon')

  const welsh = await look.person('welsh', { lang: 'cy' })
  for (const [path, sentence] of [
    ['/ledger/reports', 'Adroddiadau'], ['/ledger/reports/income-and-expenditure', 'Gwarged'], ['/ledger/reports/donations-by-region', 'Rhanbarthau nas dangosir'],
    ['/ledger/pack', 'Pecyn yr archwilydd'], ['/ledger/programs', 'datganiad banc'], ['/ledger/leaf', 'deilen']
  ]) {
    await welsh.goto(path)
    await says(welsh, sentence)
    expect(!/report\.|ledger\./.test(await welsh.locator('main').innerText()) || path === '/ledger/leaf', `${path} in Welsh shows the name of a message`)
    await look.look(welsh, `welsh ${path.replace('/ledger/', '')}`)
  }
} catch (e) {
  look.problem('story', e instanceof Stop ? e.message : e.stack)
}
await look.close()
if (look.problems.length > 0) status = 1
console.log(`walked: ${look.count} pages, ${look.problems.length} problems`)
process.exitCode = status
