// Walks how the treasurer keeps the books, in a real browser, against a house that runs:
//
//   node books.mjs --base URL --mail URL --people JSON [--shots FOLDER] [--chromium FILE] [--thorough]
//
// A statement with a line that cannot be read is checked, left alone, and mended; lines are booked by their references, one by
// a person, one by an account, one set aside; evidence is attached and downloaded; spending above the limit is approved by the
// chair; cash is counted by two; a period is proposed by the treasurer and closed by the chair, without JavaScript; and nobody
// may book into it. The last line is "walked: N pages, M problems"; any problem is exit status 1.
import { Browser, textOf } from './browser.mjs'
import { parseArgs } from 'node:util'

const { values: arg } = parseArgs({
  options: {
    base: { type: 'string' }, mail: { type: 'string' }, people: { type: 'string' }, shots: { type: 'string' },
    chromium: { type: 'string', default: '/usr/bin/chromium' }, thorough: { type: 'boolean', default: false }
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
  return (await r.json()) ?? []
}

async function press (page, name) {
  await page.getByRole('button', { name, exact: true }).first().click()
}

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

async function bring (page, name, content) {
  await page.goto('/ledger/bank')
  await page.getByLabel('The bank\'s file').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(content) })
  await press(page, 'Check this file')
}

const b = await new Browser({ base: arg.base.replace(/\/$/, ''), shots: arg.shots, executable: arg.chromium, thorough: arg.thorough }).open()
try {
  const who = JSON.parse(arg.people)
  const treasurer = await b.person('treasurer')
  await signIn(treasurer, who.treasurer)
  await treasurer.goto('/ledger')
  await treasurer.getByRole('link', { name: 'Bank statements' }).click()
  await says(treasurer, 'Nothing is booked before that')
  await b.look(treasurer, 'bank')
  await press(treasurer, 'Check this file')
  await says(treasurer, 'There is a problem', 'Choose a file')
  await b.look(treasurer, 'bank without a file')

  // A file with a line that cannot be read is shown, line by line, and refused as it is.
  const [year, month] = who.month.split('-')
  const on = d => `${String(d).padStart(2, '0')}/${month}/${year}`
  await bring(treasurer, 'broken.csv', `Date,Description,Amount\n${on(2)},ASHA MEMBER ${who.reference},25.00\n31/02/${year},NO SUCH DAY,1.00\n`)
  await says(treasurer, 'To be imported', 'Line 3', 'Cannot be read')
  await b.look(treasurer, 'a file with a line that cannot be read')
  await press(treasurer, 'Import these lines')
  await says(treasurer, 'There is a problem', 'Some lines of this file cannot be read')
  await b.look(treasurer, 'import refused')
  await press(treasurer, 'Forget this file')
  await says(treasurer, 'Forgotten')

  const good = `Date,Description,Amount,Balance\n${on(2)},ASHA MEMBER ${who.reference},25.00,25.00\n${on(3)},B OTHER,5.00,30.00\n${on(4)},BANK CHARGES,-1.50,28.50\n`
  await bring(treasurer, 'statement.csv', good)
  await says(treasurer, 'New lines 3', 'The first lines, as they were understood', 'make the closing balance')
  await b.look(treasurer, 'a file that can be imported')
  await press(treasurer, 'Import these lines')
  await says(treasurer, 'Imported', 'Lines that are here already 0')
  await b.look(treasurer, 'imported')
  await bring(treasurer, 'statement.csv', good)
  await says(treasurer, 'New lines 0', 'Lines that are here already 3')

  // What is certain is booked; a person confirms a name; a fee goes to its account.
  await treasurer.goto('/ledger/bank/lines')
  await says(treasurer, '3 bank lines belong to nothing yet')
  await b.look(treasurer, 'open lines')
  await press(treasurer, 'Book every line that is certain')
  await says(treasurer, 'It is in the books', '2 bank lines belong to nothing yet', 'by surname and initial')
  await treasurer.getByRole('link', { name: /B OTHER/ }).click()
  await b.look(treasurer, 'a line that a person confirms')
  await press(treasurer, 'Save')
  await says(treasurer, '1 bank lines belong to nothing yet')
  await treasurer.getByRole('link', { name: /BANK CHARGES/ }).click()
  await press(treasurer, 'Save')
  await says(treasurer, 'There is a problem', 'Choose whose it is')
  await b.look(treasurer, 'a line with nothing chosen')
  await treasurer.getByLabel('Somebody or something else, or several').check()
  await treasurer.getByLabel('Or an account').first().selectOption('expenses:fees')
  await press(treasurer, 'Save')
  await says(treasurer, 'Everything is matched')
  await treasurer.goto('/ledger/bank/lines?state=matched')
  await b.look(treasurer, 'matched lines')

  // A rule, and columns of another bank.
  await treasurer.goto('/ledger/bank/rules')
  await press(treasurer, 'Save')
  await says(treasurer, 'There is a problem', 'Enter a text that the lines hold')
  await treasurer.getByLabel('Text of the line').fill('bank charges')
  await treasurer.getByLabel('Or an account').selectOption('expenses:fees')
  await treasurer.getByLabel('Yes: book them by themselves').check()
  await press(treasurer, 'Save')
  await says(treasurer, '“bank charges” → Bank and payment fees')
  await b.look(treasurer, 'rules')
  await treasurer.goto('/ledger/bank/maps')
  await press(treasurer, 'Save')
  await says(treasurer, 'There is a problem')
  await b.look(treasurer, 'columns with errors')

  // Spending above the limit waits for the chair; its evidence is attached.
  await treasurer.goto('/ledger/funds')
  await treasurer.getByLabel('Name of the fund').fill('Digital grant')
  await treasurer.getByLabel('Short name').fill('digital-grant')
  await treasurer.getByLabel('What it may be spent on').fill('Training for members')
  await press(treasurer, 'Save')
  await says(treasurer, 'Digital grant', 'Training for members')
  await b.look(treasurer, 'funds')
  await treasurer.goto('/ledger/chart')
  await treasurer.getByLabel('Name of the account').fill('Printing')
  await treasurer.getByLabel('Id', { exact: true }).fill('printing')
  await press(treasurer, 'Save')
  await says(treasurer, 'There is a problem', 'like expenses:printing')
  await b.look(treasurer, 'chart with errors')
  await treasurer.getByLabel('Id', { exact: true }).fill('expenses:printing')
  await press(treasurer, 'Save')
  await says(treasurer, 'Printing')
  await treasurer.goto('/ledger/spending/new')
  await b.look(treasurer, 'spend')
  await treasurer.getByLabel('Date it happened').fill(on(5))
  await treasurer.getByLabel('What for').fill('Leaflets')
  await treasurer.getByRole('group', { name: 'Line 1' }).getByLabel('Account').selectOption('expenses:printing')
  await treasurer.getByRole('group', { name: 'Line 1' }).getByLabel('Fund').selectOption('digital-grant')
  await treasurer.getByRole('group', { name: 'Line 1' }).getByLabel('Amount').fill(who.above)
  await press(treasurer, 'Record or propose spending')
  await says(treasurer, 'It is saved', 'Leaflets', 'Waits for a second officer', 'another officer has to approve it')
  await b.look(treasurer, 'spending proposed')

  const chair = await b.person('chair', { script: false })
  await signIn(chair, who.chair)
  await chair.goto('/ledger/spending')
  await press(chair, 'Refuse')
  await says(chair, 'There is a problem')
  await press(chair, 'Approve and book')
  await says(chair, 'It is saved', 'Approved')
  await b.look(chair, 'spending approved')
  await chair.getByRole('link', { name: 'See the entry' }).click()
  await says(chair, 'Leaflets')

  // Cash is counted by two, each for themselves.
  await treasurer.goto('/ledger/cash/new')
  await treasurer.getByLabel('Date of the meeting').fill(on(6))
  await treasurer.getByRole('group', { name: 'Person 1', exact: true }).getByLabel('Member').fill('Nobody Atall')
  await treasurer.getByRole('group', { name: 'Person 1', exact: true }).getByLabel('Amount').fill('2')
  await press(treasurer, 'Save')
  await says(treasurer, 'There is a problem', 'that only one member has')
  await b.look(treasurer, 'cash with errors')
  await treasurer.getByRole('group', { name: 'Person 1', exact: true }).getByLabel('Member').fill('Ben Other')
  await press(treasurer, 'Save')
  await says(treasurer, 'Being counted', 'The list comes to £2')
  await treasurer.getByLabel('What you counted').fill('2')
  await press(treasurer, 'Save my count')
  const cash = new URL(treasurer.url()).pathname
  await b.look(treasurer, 'cash being counted')
  await chair.goto(cash)
  expect(!(await chair.locator('main').innerText()).includes('£2'), 'a counter is shown what the other counted')
  await chair.getByLabel('What you counted').fill('1.90')
  await press(chair, 'Save my count')
  await says(chair, 'the figures or the list differ')
  await b.look(chair, 'counts that differ')
  await chair.getByLabel('What you counted').fill('2')
  await press(chair, 'Save my count')
  await says(chair, 'Counted, to be paid in')
  await treasurer.goto(cash)
  await treasurer.getByLabel('Date it was paid in').fill(on(7))
  await press(treasurer, 'Record that it was paid in')
  await says(treasurer, 'Paid in')
  await treasurer.goto('/ledger/cash')
  await b.look(treasurer, 'cash')

  // Closing: what is missing is said, evidence first.
  await treasurer.goto('/ledger/periods/new')
  await b.look(treasurer, 'close a period')
  await treasurer.getByLabel('Last day of the period').fill(who.last)
  await press(treasurer, 'See what is missing')
  await says(treasurer, 'Spending has evidence To do: 1')
  await b.look(treasurer, 'what is missing')
  await treasurer.getByLabel(/Balance of Bank account/).fill('1')
  await press(treasurer, 'Propose to close')
  await says(treasurer, 'There is a problem', 'The balance on the bank\'s statement is not the ledger\'s')
  await b.look(treasurer, 'close refused')
  await treasurer.getByRole('heading', { name: 'Spending without evidence' }).locator('xpath=following-sibling::ul[1]').getByRole('link').first().click()
  await treasurer.getByLabel('Receipt, invoice or letter').setInputFiles({ name: 'receipt.pdf', mimeType: 'text/html', buffer: Buffer.from([60, 104, 0, 1]) })
  await press(treasurer, 'Attach the file')
  await says(treasurer, 'There is a problem', 'This file holds something else')
  await b.look(treasurer, 'evidence refused')
  await treasurer.getByLabel('Receipt, invoice or letter').setInputFiles({ name: 'receipt.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7 a receipt') })
  await press(treasurer, 'Attach the file')
  await says(treasurer, 'receipt.pdf', 'SHA-256')
  await b.look(treasurer, 'evidence')
  const [download] = await Promise.all([treasurer.waitForEvent('download'), treasurer.getByRole('link', { name: 'receipt.pdf' }).click()])
  expect(download.suggestedFilename() === 'receipt.pdf', `the download is called ${download.suggestedFilename()}`)

  const figure = await fetch(`${b.base}/v1/ledger/trial-balance?date=${who.lastISO}`).then(r => r.json())
  const line = figure.lines.find(l => l.account.id === 'assets:bank')
  const pence = Number(line.debitPence) - Number(line.creditPence)
  await treasurer.goto(`/ledger/periods/new?through=${encodeURIComponent(who.last)}`)
  await treasurer.getByLabel(/Balance of Bank account/).fill((pence < 0 ? '-' : '') + (Math.abs(pence) / 100).toFixed(2))
  await treasurer.getByLabel('The financial year ends with this period').check()
  await press(treasurer, 'Propose to close')
  await says(treasurer, 'It is saved', 'Waits for a second officer', 'You proposed this')
  await b.look(treasurer, 'close proposed')
  await chair.goto('/ledger/periods')
  await b.look(chair, 'close to approve')
  await press(chair, 'Approve and close')
  await says(chair, 'It is saved', 'Closed', 'Closing balances')
  await treasurer.goto('/ledger/spending/new')
  await treasurer.getByLabel('Date it happened').fill(on(5))
  await treasurer.getByLabel('What for').fill('Too late')
  await treasurer.getByRole('group', { name: 'Line 1' }).getByLabel('Account').selectOption('expenses:printing')
  await treasurer.getByRole('group', { name: 'Line 1' }).getByLabel('Amount').fill('1')
  await press(treasurer, 'Record or propose spending')
  await says(treasurer, 'There is a problem', 'The books are closed up to')
  await b.look(treasurer, 'closed')

  // Everybody sees what is closed, in Welsh too.
  const visitor = await b.person('visitor', { lang: 'cy' })
  await visitor.goto('/ledger/periods')
  await says(visitor, 'Cyfnodau sydd wedi cau', 'Wedi cau')
  await b.look(visitor, 'periods in Welsh')
  await visitor.goto('/ledger/funds')
  await says(visitor, 'Grantiau a chronfeydd cyfyngedig', 'Digital grant')
  await b.look(visitor, 'funds in Welsh')
  const body = await visitor.content()
  expect(!body.includes('⟦'), 'a message is missing')
} catch (e) {
  b.problem('the story', e instanceof Stop ? e.message : e.stack)
}
await b.close()
console.log(`walked: ${b.count} pages, ${b.problems.length} problems`)
process.exit(b.problems.length === 0 ? 0 : 1)
