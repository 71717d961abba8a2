/** Error codes as customers read them, in their pages and in their copies of alerts. */
import type { ErrorCode } from './errors.ts'

const unreachable = 'The other side could not be reached.'
const notProduced = 'The report could not be produced.'

// Whatever is not listed gets the general sentence, so that a new code never tells more than was decided here.
const sentences: Partial<Record<ErrorCode, string>> = {
  ENDPOINT_UNREACHABLE: unreachable,
  ENDPOINT_TIMEOUT: unreachable,
  TARGET_BUSY: unreachable,
  HOST_KEY_CHANGED: 'The identity of the other side could not be confirmed, so nothing was sent.',
  AUTH_REFUSED: 'The other side did not accept our sign-in.',
  FILE_EXISTS: 'A file of that name was already there.',
  FILE_MISSING: 'The file was no longer there.',
  TARGET_REFUSED: 'The other side did not accept the file.',
  TARGET_FULL: 'The other side had no room for the file.',
  VERIFY_FAILED: 'The copy could not be verified, so it was not put in place.',
  MAIL_REFUSED: 'The e-mail was not accepted.',
  MAIL_IN_DOUBT: 'It is not certain that the e-mail arrived. We are looking into it.',
  MAIL_TOO_LARGE: 'The file was too large for an e-mail.',
  TOO_MANY_FILES: 'There were more files than are taken at once.',
  DELIVERY_IN_DOUBT: 'It is not certain that this was delivered. We are looking into it.',
  REQUEST_IN_DOUBT: 'It is not certain that the other side acted on our request. We are looking into it.',
  REPORT_EMPTY: 'The report had no rows.',
  REPORT_FAILED: notProduced,
  REPORT_DRIFT: notProduced,
  PERIOD_UNKNOWN: notProduced,
  TEMPLATE_FAILED: notProduced,
  DATASET_MISSING: 'The data of the period was not there yet.',
  NO_FILE: 'There was no file to work with.',
  FAN_OUT_FAILED: 'What the job is to be run for could not be found out.',
  FAN_OUT_ROW: 'What the job was given to work with did not fit.',
  RECIPIENT_NOT_ALLOWED: 'The e-mail was not sent: an address is not among those agreed on.',
  STEP_TIMEOUT: 'The step took too long and was ended.',
}

/** Explains an error code to a customer. Nothing of the error's own message is in it. */
export function explainError(code: string): string {
  return Object.hasOwn(sentences, code)
    ? (sentences[code as ErrorCode] as string)
    : 'The step could not be completed.'
}
