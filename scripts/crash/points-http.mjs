/** Points around each request to S3, and around each answer to a request that acts. */
import http from 'node:http'
import { plain } from './points-name.mjs'

export function watchHttp(reach) {
  const { ClientRequest, ServerResponse } = http
  const asked = (request) => plain(`s3 ${request.method} ${request.path.replace(/\?.*$/s, '')}`)
  const { end: endRequest, emit: emitRequest } = ClientRequest.prototype
  ClientRequest.prototype.end = function (...args) {
    if (this.socketPath === undefined) reach(`${asked(this)} before`)
    return endRequest.apply(this, args)
  }
  ClientRequest.prototype.emit = function (event, ...args) {
    if (this.socketPath === undefined && event === 'finish') reach(`${asked(this)} sent`)
    if (this.socketPath === undefined && event === 'response') reach(`${asked(this)} answered`)
    return emitRequest.call(this, event, ...args)
  }
  const answered = (response) =>
    response.req?.method === 'POST' ? `http ${response.req.url} ${response.statusCode}` : undefined
  const { end: endResponse, emit: emitResponse } = ServerResponse.prototype
  ServerResponse.prototype.end = function (...args) {
    const label = answered(this)
    if (label) reach(`${label} before`)
    return endResponse.apply(this, args)
  }
  ServerResponse.prototype.emit = function (event, ...args) {
    const label = answered(this)
    if (label && event === 'finish') reach(`${label} after`)
    return emitResponse.call(this, event, ...args)
  }
}
