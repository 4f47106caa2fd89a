import { test } from 'node:test'

test.todo(
  'a reconfigure whose server is killed at any moment ends done or undone at the next start',
)
