// A browser with eyes: every page that is looked at goes through axe and through the checks of geometry that axe does
// not make, at the width of a phone, of a small phone and of a desk. axe itself runs at the width of a phone; where the
// browser is told to be thorough, at the desk's too.
import { readFileSync, mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const flags = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'
]

export const widths = [390, 1280, 320]
const fonts = /^("?system-ui|ui-monospace)/

// textOf is what a part of a page says, as soon as it says all the sentences, or after ten seconds: a page may still be on its way when a
// press returns.
export async function textOf (page, part, sentences) {
  let text
  for (const until = Date.now() + 10000; ; await new Promise(resolve => setTimeout(resolve, 100))) {
    text = (await page.locator(part).innerText()).replace(/\s+/g, ' ')
    if (sentences.every(s => text.includes(s)) || Date.now() > until) return text
  }
}

export class Browser {
  constructor (options) {
    Object.assign(this, options)
    this.problems = []
    this.looked = new Set()
    this.count = 0
    if (this.shots) mkdirSync(this.shots, { recursive: true })
  }

  async open () {
    this.chromium = await chromium.launch({ executablePath: this.executable, args: flags })
    return this
  }

  async close () { await this.chromium.close() }

  problem (where, what) {
    this.problems.push(`${where}: ${what}`)
    console.log(`PROBLEM ${where}: ${what}`)
  }

  // person opens a browser profile of its own. What the page logs as an error is a problem, but for the statuses of
  // pages that are meant to refuse.
  async person (name, { script = true, lang } = {}) {
    const context = await this.chromium.newContext({
      javaScriptEnabled: script, viewport: { width: 390, height: 844 }, locale: lang ?? 'en-GB', baseURL: this.base
    })
    const page = await context.newPage()
    page.scripted = script
    page.on('pageerror', e => this.problem(`${name} ${page.url()}`, `script error: ${e.message}`))
    page.on('console', m => {
      if (m.type() === 'error' && !/the server responded with a status of (4\d\d)/.test(m.text())) this.problem(`${name} ${page.url()}`, m.text())
    })
    page.setDefaultTimeout(20000)
    return page
  }

  // look checks the page that is shown, at every width. A page is looked at once under each name.
  async look (page, name) {
    if (this.blind || this.looked.has(name)) return
    this.looked.add(name)
    this.count++
    const where = `${name} (${new URL(page.url()).pathname})`
    for (const width of widths) {
      await page.setViewportSize({ width, height: width > 1000 ? 900 : 844 })
      for (const p of await page.evaluate(geometry, fonts.source)) this.problem(`${where} at ${width} px`, p)
      // axe waits on timers, which do not run where scripts are off.
      if (page.scripted !== false && (width === 390 || (width === 1280 && this.thorough))) {
        const found = await within(120, page.evaluate(`${axeSource};axe.run({runOnly:['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice']})`))
        for (const v of found.violations) {
          this.problem(`${where} at ${width} px`, `axe ${v.id}: ${v.help}: ${v.nodes.slice(0, 2).map(n => n.html.slice(0, 160)).join(' | ')}`)
        }
        if (found.passes.length < 5) this.problem(where, `axe ran only ${found.passes.length} rules: it did not look`)
      }
      if (this.shots && width !== 320) {
        const file = `${String(this.count).padStart(2, '0')}-${name.replace(/[^a-z0-9]+/gi, '-')}-${width}.png`
        const fullPage = await page.evaluate('document.documentElement.scrollHeight') < 8000
        await page.screenshot({ path: join(this.shots, file), fullPage })
      }
    }
    await page.setViewportSize({ width: 390, height: 844 })
  }
}

// within gives up on what does not end in so many seconds.
function within (seconds, promise) {
  let timer
  const late = new Promise((resolve, reject) => { timer = setTimeout(() => reject(new Error(`not within ${seconds} s`)), seconds * 1000) })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

// geometry runs in the page and returns what is wrong with it: fonts that are not ours, text too small to read, cells
// outside of the window, codes that break over lines, and a page wider than its window.
function geometry (fontSource) {
  const wrong = []
  const ours = new RegExp(fontSource)
  const wide = document.documentElement.clientWidth
  if (document.documentElement.scrollWidth > wide) wrong.push(`the page is ${document.documentElement.scrollWidth} px wide in a window of ${wide}`)
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const seen = new Set()
  for (let n = walker.nextNode(); n; n = walker.nextNode()) {
    const e = n.parentElement
    if (!n.data.trim() || ['SCRIPT', 'STYLE', 'OPTION'].includes(e.tagName) || seen.has(e)) continue
    seen.add(e)
    const style = getComputedStyle(e)
    const range = document.createRange()
    range.selectNodeContents(n)
    const rects = range.getClientRects()
    if (rects.length === 0 || e.closest('.govuk-visually-hidden, .govuk-skip-link')) continue
    if (!ours.test(style.fontFamily)) wrong.push(`"${n.data.trim().slice(0, 40)}" is in ${style.fontFamily}`)
    if (parseFloat(style.fontSize) < 14 || rects[0].height < 12) wrong.push(`"${n.data.trim().slice(0, 40)}" is ${style.fontSize} high`)
  }
  for (const cell of document.querySelectorAll('td, th')) {
    const box = cell.getBoundingClientRect()
    if (box.width > 1 && (box.left < -1 || box.right > wide + 1) && !cell.closest('.govuk-visually-hidden') && getComputedStyle(cell.closest('thead') ?? cell).position !== 'absolute') {
      wrong.push(`the cell "${cell.innerText.slice(0, 40)}" stands outside of the window`)
    }
  }
  for (const code of document.querySelectorAll('.app-code--receipt')) {
    if (code.getClientRects().length !== 1) wrong.push(`the receipt ${code.innerText} breaks over lines`)
  }
  return wrong
}
