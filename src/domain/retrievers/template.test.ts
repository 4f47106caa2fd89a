import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFailure } from '../failure.ts'
import { checkTemplates, fillTemplates, hasTemplate } from './template.ts'

const inputs = {
  query: 'cats',
  k: 5,
  tags: ['a', 'b'],
  user: { id: 7, 'first-name': 'Ada' },
  none: null,
}

function fill(value: unknown): unknown {
  return fillTemplates(value, inputs, ['body'])
}

test('a string that is one template takes the type of its input', () => {
  assert.equal(fill('{{INPUT.k}}'), 5)
  assert.deepEqual(fill('{{ inputs.tags }}'), ['a', 'b'])
  assert.deepEqual(fill({ a: [{ b: '{{input.user}}' }] }), { a: [{ b: inputs.user }] })
})

test('a template within a text is put in as text', () => {
  assert.equal(
    fill('about {{INPUT.query}} and {{INPUT.tags[1]}}: {{INPUT.k}}'),
    'about cats and b: 5',
  )
  assert.equal(
    fill('{{INPUT.user["first-name"]}} {{INPUT.user}}'),
    `Ada ${JSON.stringify(inputs.user)}`,
  )
  assert.equal(fill('{single} braces stay'), '{single} braces stay')
})

test('only own keys are read', () => {
  for (const path of ['constructor', '__proto__', 'query.length', 'user.toString']) {
    assert.throws(() => fill(`{{INPUT.${path}}}`), /not given/, path)
  }
})

test('an input that is not given is a 422 at its name', () => {
  assert.throws(
    () => fill('{{INPUT.user.name}}'),
    (error) => {
      assert.ok(isFailure(error, 'request_invalid'))
      assert.deepEqual(error.detail.faults[0]?.location, ['body', 'inputs', 'user', 'name'])
      return true
    },
  )
  assert.throws(() => fill('{{INPUT.none}}'), /not given/)
})

test('what is no template is refused with what would be one', () => {
  assert.throws(() => checkTemplates({ a: '{{query}}' }, []), /write \{\{INPUT\.query\}\}/)
  assert.throws(() => checkTemplates(['{{INPUT.a | first}}'], []), /no template/)
  assert.throws(
    () => checkTemplates('{{DOC.title}}', []),
    (error) => isFailure(error, 'not_enabled'),
  )
  assert.doesNotThrow(() => checkTemplates({ a: ['{{INPUT.x}}', 1, null] }, []))
})

test('hasTemplate() looks into lists and objects', () => {
  assert.ok(hasTemplate({ a: [1, { b: 'x {{INPUT.y}}' }] }))
  assert.ok(!hasTemplate({ a: [1, { b: 'x' }] }))
})
