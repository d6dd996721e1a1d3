// Builds dist/: style and script, each under a name that holds a hash of its content, so that a browser may
// keep it for ever. Go embeds dist/ and finds the names again by their beginnings.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compileAsync } from 'sass-embedded'
import { build } from 'esbuild'

const here = dirname(fileURLToPath(import.meta.url))
const dist = join(here, 'dist')

function write (name, content) {
  const [stem, ending] = name.split('.')
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 10)
  writeFileSync(join(dist, `${stem}-${hash}.${ending}`), content)
}

const style = await compileAsync(join(here, 'style/app.scss'), {
  style: 'compressed', loadPaths: [join(here, 'node_modules')], quietDeps: true, charset: false
})
const foreign = style.css.match(/crown|crest|GDS Transport|url\([^)]*\)/gi)
if (foreign) {
  throw new Error(`the style holds what is not ours or reaches outside: ${[...new Set(foreign)].join(', ')}`)
}
const script = await build({
  entryPoints: [join(here, 'script/app.mjs')], absWorkingDir: here, bundle: true, minify: true, format: 'esm', target: 'es2020', write: false
})

mkdirSync(dist, { recursive: true })
for (const old of readdirSync(dist)) {
  if (old !== '.keep') rmSync(join(dist, old))
}
write('app.css', style.css)
write('app.js', script.outputFiles[0].contents)
write('icon.svg', readFileSync(join(here, 'style/icon.svg')))
