/** What the engine asks of a web service. */
import type { StepOf } from '../model.ts'

export type HttpBody =
  | { kind: 'none' }
  | { kind: 'json'; text: string }
  | { kind: 'file'; localPath: string; size: number; mediaType: string }

export interface HttpRequest {
  method: StepOf<'http-request'>['method']
  /** Added to the connection's URL: begins with `/`, every value in it encoded. */
  path: string
  /** Encoded, without the question mark; empty for none. */
  query: string
  body: HttpBody
  /** The same for every repeat of one request. */
  idempotencyKey: string
  /** The statuses that are fine; absent: 200 to 299. */
  expect?: number[]
  /** false: once the service may have the request, only an answer tells whether it acted on it. */
  isRepeatable: boolean
  /** A new local file for the answer's body; absent: nobody wants it. */
  saveTo?: string
}

export interface HttpAnswer {
  status: number
  /** As the service says; `application/octet-stream` where it says nothing of use. */
  mediaType: string
  /** Why `saveTo` does not hold all of it, though the request was taken; only where that is not repeatable. */
  lost?: string
}

export interface HttpClient {
  /**
   * Sends one request and follows no redirect. `transmitting` is awaited once the connection stands and before the first
   * byte of the request: before it resolves the service cannot have acted.
   * Throws ADDRESS_REFUSED before anything is sent to an address that the connection does not allow, REQUEST_IN_DOUBT
   * where the answer to a request that is not repeatable never came, ANSWER_LOST, AUTH_REFUSED, TARGET_BUSY for what
   * passes (its detail `retryAfterMs` where the service asked for a wait), TARGET_REFUSED for any other status.
   */
  send(request: HttpRequest, transmitting: () => Promise<void>, signal: AbortSignal): Promise<HttpAnswer>
}
