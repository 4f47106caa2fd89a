import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFailure } from '../failure.ts'
import { compileTemplates, hasTemplate } from './template.ts'

const scope = {
  input: {
    query: 'cats',
    k: 5,
    tags: ['a', 'b'],
    user: { id: 7, 'first-name': 'Ada' },
    none: null,
    title: 'Über uns & Ärzte',
    films: [{ title: 'One' }, { title: 'Two' }],
    'a"b}}': 1,
  },
  context: { namespace_id: 'ns_1' },
  stage: { find: { output_count: 3, documents: [{ document_id: 'doc_1' }] } },
}

function fill(value: unknown, stepsMax = 10_000): unknown {
  return compileTemplates(value, ['body']).fill(scope, stepsMax)
}

test('a string that is one template takes the type of its input', () => {
  assert.equal(fill('{{INPUT.k}}'), 5)
  assert.deepEqual(fill('{{ inputs.tags }}'), ['a', 'b'])
  assert.deepEqual(fill({ a: [{ b: '{{input.user}}' }] }), { a: [{ b: scope.input.user }] })
})

test('a template within a text is put in as text', () => {
  assert.equal(
    fill('about {{INPUT.query}} and {{INPUT.tags[1]}}: {{INPUT.k}}'),
    'about cats and b: 5',
  )
  assert.equal(
    fill('{{INPUT.user["first-name"]}} {{INPUT.user.first-name}} {{INPUT.user}}'),
    `Ada Ada ${JSON.stringify(scope.input.user)}`,
  )
  assert.equal(fill('{single} braces stay'), '{single} braces stay')
})

test('every documented filter does what it says', () => {
  const cases: [string, unknown][] = [
    ['INPUT.tags | first', 'a'],
    ['INPUT.tags | last', 'b'],
    ['INPUT.tags | length', 2],
    ['INPUT.query | length', 4],
    ["INPUT.tags | join(', ')", 'a, b'],
    ["INPUT.films | map('title') | join('+')", 'One+Two'],
    ["INPUT.films | map(attribute='title') | list", ['One', 'Two']],
    ["INPUT.films | join(', ', attribute='title')", 'One, Two'],
    ['INPUT.user | tojson', '{"id":7,"first-name":"Ada"}'],
    ['INPUT.title | slugify', 'uber-uns-arzte'],
    ["'no' | bool", false],
    ["'Yes' | bool", true],
    ["INPUT.absent | default('x')", 'x'],
    ["INPUT.none | default(['y'])", ['y']],
    ['INPUT.query | upper', 'CATS'],
    ["'7' | int", 7],
    ['-2.5 | abs', -2.5],
  ]
  for (const [source, wanted] of cases) assert.deepEqual(fill(`{{ ${source} }}`), wanted, source)
})

test('functions, arithmetic, comparisons and choices', () => {
  const cases: [string, unknown][] = [
    ['max(1, INPUT.k, 3)', 5],
    ['min([4, 2])', 2],
    ['abs(-3)', 3],
    ['round(2.567, 2)', 2.57],
    ['ceil(1.2) + floor(1.8)', 3],
    ['INPUT.k * 2 + 1', 11],
    ['(INPUT.k + 1) // 4', 1],
    ['7 % 4', 3],
    ["INPUT.query ~ '-' ~ INPUT.k", 'cats-5'],
    ["'big' if INPUT.k > 3 else 'small'", 'big'],
    ["INPUT.k > 9 ? 'big' : INPUT.k > 3 ? 'middle' : 'small'", 'middle'],
    ['INPUT.absent or INPUT.query', 'cats'],
    ["INPUT.query == 'cats' and not INPUT.absent", true],
    ["'a' in INPUT.tags && 'z' not in INPUT.tags", true],
    ['INPUT.absent == none', true],
    ['[1, [2]] == [1, [2]]', true],
    ['INPUT.tags[-1]', 'b'],
    ["INPUT['a\"b}}']", 1],
    ['CONTEXT.namespace_id', 'ns_1'],
    ['STAGE.find.documents[0].document_id', 'doc_1'],
    ['stage.find.output_count > 0 ? true : false', true],
  ]
  for (const [source, wanted] of cases) assert.deepEqual(fill(`{{${source}}}`), wanted, source)
})

test('if blocks choose between texts', () => {
  const text =
    '{% if INPUT.k > 9 %}many{% elif INPUT.absent %}odd{% else %}few {{INPUT.query}}{% endif %}!'

  assert.equal(fill(text), 'few cats!')
  assert.equal(fill('{% if INPUT.none %}x{% endif %}'), '')
  assert.equal(fill('{%- if INPUT.k -%}{% if INPUT.query %}both{% endif %}{%- endif -%}'), 'both')
})

test('only own keys are read', () => {
  for (const path of [
    'constructor',
    '__proto__',
    'query.length',
    'user.toString',
    'tags.length',
    'tags["constructor"]',
    'user["__proto__"]',
  ]) {
    assert.throws(
      () => fill(path.includes('[') ? `{{INPUT.${path}}}` : `{{INPUT.${path}}}`),
      /not given/,
      path,
    )
  }
  assert.throws(() => fill('{{INPUT.query.slice(1)}}'), /not expected/)
})

test('an input that is not given is a 422 at its name, unless nothing needs it', () => {
  assert.throws(
    () => fill('{{INPUT.user.name}}'),
    (error) => {
      assert.ok(isFailure(error, 'request_invalid'))
      assert.deepEqual(error.detail.faults[0]?.location, ['body', 'inputs', 'user', 'name'])
      return true
    },
  )
  assert.throws(() => fill('{{INPUT.none}}'), /not given/)
  assert.throws(() => fill('{{INPUT.absent | upper}}'), /'absent', which is not given/)
  assert.equal(fill('{{ INPUT.absent if INPUT.absent else none }}'), null)
})

test('what is no template is refused with what would be one', () => {
  const wrong: [unknown, RegExp][] = [
    [{ a: '{{query}}' }, /write \{\{INPUT\.query\}\}/],
    [['{{INPUT.a | frist}}'], /there is no filter frist; did you mean 'first'/],
    ['{{ maxx(1) }}', /did you mean 'max'/],
    ['{{INPUT.a}', /not closed/],
    ['{{INPUT.}}', /name is missing/],
    ['{{}}', /incomplete/],
    ['{{1 2}}', /'2' is not expected/],
    ['{% for x in INPUT.tags %}{% endfor %}', /no block for/],
    ['{% if INPUT.k %}', /endif/],
    ['{% else %}', /without its if/],
    [`{{${'('.repeat(200)}1${')'.repeat(200)}}}`, /nested too deeply/],
    [`{{${'1+'.repeat(5_000)}1}}`, /more than 1000 words/],
  ]
  for (const [value, message] of wrong)
    assert.throws(() => compileTemplates(value, ['body']), message, String(value))
  assert.throws(
    () => compileTemplates('{{DOC.title}}', []),
    (error) => isFailure(error, 'not_enabled'),
  )
  assert.doesNotThrow(() => compileTemplates({ a: ['{{INPUT.x}}', 1, null] }, []))
})

test('values that do not fit are refused in words', () => {
  assert.throws(() => fill('{{ INPUT.query * 2 }}'), /\* takes numbers, not a text/)
  assert.throws(() => fill("{{ INPUT.k | join(',') }}"), /join takes a list, not the number 5/)
  assert.throws(() => fill('{{ 1 / 0 }}'), /divides by zero/)
  assert.throws(() => fill("{{ 'a' < 1 }}"), /compares two numbers or two texts/)
})

test('a template that does too much is stopped, however small it is', () => {
  const long = { ...scope, input: { big: 'x'.repeat(100_000), list: Array(5_000).fill('y') } }
  const run = (text: string) => compileTemplates(text, []).fill(long, 10_000)

  assert.throws(() => run('{{INPUT.big}} {{INPUT.big}}'), /NACRE_TEMPLATE_STEPS_MAX/)
  assert.throws(() => run('{{INPUT.list|list|list|list}}'), /NACRE_TEMPLATE_STEPS_MAX/)
  assert.throws(() => run('{{INPUT.list|join(INPUT.big)}}'), /NACRE_TEMPLATE_STEPS_MAX/)
  assert.equal(run('{{INPUT.big}}'), long.input.big)
})

test('a template names the namespaces that it reads', () => {
  const { namespaces } = compileTemplates({ a: '{{INPUT.x if STAGE.s.y else 1}}' }, [])

  assert.deepEqual([...namespaces].toSorted(), ['input', 'stage'])
})

test('hasTemplate() looks into lists and objects', () => {
  assert.ok(hasTemplate({ a: [1, { b: 'x {{INPUT.y}}' }] }))
  assert.ok(!hasTemplate({ a: [1, { b: 'x' }] }))
})
