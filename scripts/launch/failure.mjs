/** Why nothing could be started: a line for people and the exit code that goes with it. */
export class LaunchFailure extends Error {
  constructor(message, exitCode = 2) {
    super(message)
    this.name = 'LaunchFailure'
    this.exitCode = exitCode
  }
}
