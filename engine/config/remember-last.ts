/**
 * Gives a function that keeps its last answer, for the object it was last asked about. The rules look at one job after
 * another and ask the same of it many times; nobody may change an answer.
 */
export function rememberLast<Subject extends object, Answer>(
  answer: (subject: Subject) => Answer,
): (subject: Subject) => Answer {
  let last: { subject: Subject; answer: Answer } | undefined
  return (subject) => {
    if (last?.subject !== subject) last = { subject, answer: answer(subject) }
    return last.answer
  }
}
