import type { Task } from './task.ts'

/** A task as the wire shows it (contract 19): `error` and prose's `error_message` are one. */
export function taskAnswer(task: Task) {
  return {
    task_id: task.id,
    task_type: task.type,
    status: task.status,
    namespace_id: task.namespaceId,
    inputs: task.inputs,
    outputs: task.outputs,
    additional_data: task.additionalData,
    error: task.error,
    error_message: task.error,
    created_at: task.createdAt.toISOString(),
    updated_at: task.updatedAt.toISOString(),
    completed_at: task.finishedAt?.toISOString() ?? null,
  }
}
