/** Points in each phase of a mail: around every command, around the end of its bytes, and at every answer. */
import net from 'node:net'
import SMTPConnection from 'nodemailer/lib/smtp-connection'

export function watchSmtp(reach) {
  const sessions = new WeakMap()
  const { _sendCommand: sendCommand, _onData: onData } = SMTPConnection.prototype
  SMTPConnection.prototype._sendCommand = function (text, ...rest) {
    const session = sessions.get(this._socket) ?? { to: '-', last: '' }
    if (this._socket) sessions.set(this._socket, session)
    session.to = /^RCPT TO:<([^>]*)>/.exec(text)?.[1] ?? session.to
    session.last = /^[A-Z]+(?: (?:FROM|TO))?/.exec(text)?.[0] ?? 'command'
    // A kept session's next mail: its points are named as those of a session's first one.
    if (session.last === 'RSET') Object.assign(session, { to: '-', hasBegun: false })
    const label = `smtp ${session.to} ${session.last}`
    reach(`${label} before`)
    const value = sendCommand.call(this, text, ...rest)
    reach(`${label} sent`)
    return value
  }
  SMTPConnection.prototype._onData = function (chunk) {
    const session = sessions.get(this._socket) ?? { to: '-', last: 'greeting' }
    reach(`smtp ${session.to} ${session.last} answered`)
    if (session.last === 'DATA') session.last = 'body'
    return onData.call(this, chunk)
  }
  const { write } = net.Socket.prototype
  net.Socket.prototype.write = function (chunk, ...rest) {
    const session = sessions.get(this)
    if (session?.last !== 'body') return write.call(this, chunk, ...rest)
    const isEnd = chunk.length <= 5 && String(chunk).endsWith('.\r\n')
    // Of the many pieces of a mail the first is as good as any.
    if (!isEnd && session.hasBegun) return write.call(this, chunk, ...rest)
    session.hasBegun = true
    const label = `smtp ${session.to} ${isEnd ? 'end of body' : 'body'}`
    reach(`${label} before`)
    const value = write.call(this, chunk, ...rest)
    if (isEnd) session.last = 'end of body'
    reach(`${label} sent`)
    return value
  }
}
