// The list's filter and order. What they are is in the address, so that a link leads to the same view.

const filter = document.getElementById('filter')
const labels = [...document.querySelectorAll('#jobs thead th')].slice(1).map((each) => each.textContent)
if (filter) startList(document.getElementById('jobs'))

function startList(table) {
  const body = table.tBodies[0]
  const showDisabled = document.getElementById('show-disabled')
  const found = document.querySelector('.found')
  const nothing = document.getElementById('nothing-found')
  const pager = document.querySelector('.pager')
  // The answer comes with what a screen holds; the rest follows, and what is more when somebody asks for it.
  const rowsOfScreen = 30
  const rowsAtOnce = 200
  let answers = 0
  let jobs = [...body.rows].map((row, place) => ({
    place,
    row,
    text: searched(row.textContent),
    isEnabled: !row.classList.contains('disabled'),
    keys: [...row.cells].map((cell) => (cell.dataset.at ?? cell.textContent).trim()),
  }))
  let shown = jobs
  const state = readState()

  function apply() {
    const words = searched(state.q).split(' ').filter(Boolean)
    shown = jobs.filter(
      ({ text, isEnabled }) => (isEnabled || state.disabled) && words.every((word) => text.includes(word)),
    )
    if (state.sort !== null) {
      const column = Number(state.sort)
      shown = shown.toSorted((a, b) => compare(a.keys[column], b.keys[column]) || a.place - b.place)
      if (state.down) shown.reverse()
    }
    show(rowsAtOnce)
    found.textContent = `${shown.length} of ${jobs.length} shown`
    nothing.hidden = shown.length > 0
    if (pager) pager.hidden = isSearching()
  }

  function isSearching() {
    return state.q !== '' || state.sort !== null
  }

  function show(count) {
    // Without a search a list in pages stays as it came.
    const isLong = table.dataset.index !== undefined && !isSearching()
    const rows = (isLong ? jobs.filter(({ isOnPage }) => isOnPage) : shown.slice(0, count)).filter(
      ({ isEnabled }) => isEnabled || state.disabled,
    )
    const isMore = !isLong && shown.length > count
    const rowOf = (job) => (job.row ??= makeRow(job.fields))
    const finish = () => {
      body.append(...rows.slice(rowsOfScreen).map(rowOf))
      if (isMore) body.append(makeMore(count))
    }
    answers += 1
    const answer = answers
    body.replaceChildren(...rows.slice(0, rowsOfScreen).map(rowOf))
    if (!isSearching()) finish()
    else if (rows.length > rowsOfScreen)
      requestAnimationFrame(() =>
        setTimeout(() => {
          if (answer === answers) finish()
        }),
      )
  }

  function makeMore(count) {
    const row = document.createElement('tr')
    const cell = row.insertCell()
    cell.colSpan = 5
    const button = document.createElement('button')
    button.type = 'button'
    button.className = 'button'
    button.textContent = `Show ${Math.min(rowsAtOnce, shown.length - count)} more`
    button.addEventListener('click', () => show(count + rowsAtOnce))
    cell.append(button)
    return row
  }

  function readState() {
    const given = new URLSearchParams(location.hash.slice(1))
    return {
      q: given.get('q') ?? '',
      disabled: given.has('disabled'),
      sort: /^[0-4]$/.test(given.get('sort') ?? '') ? given.get('sort') : null,
      down: given.has('down'),
    }
  }

  function keepState() {
    const kept = new URLSearchParams()
    if (state.q !== '') kept.set('q', state.q)
    if (state.disabled) kept.set('disabled', '1')
    if (state.sort !== null) kept.set('sort', state.sort)
    if (state.down) kept.set('down', '1')
    const hash = String(kept)
    history.replaceState(null, '', hash === '' ? location.pathname + location.search : `#${hash}`)
  }

  function changed() {
    apply()
    keepState()
    markOrder()
  }

  function markOrder() {
    headings.forEach((heading, column) => {
      if (String(column) !== state.sort) heading.removeAttribute('aria-sort')
      else heading.setAttribute('aria-sort', state.down ? 'descending' : 'ascending')
    })
  }

  const headings = [...table.tHead.rows[0].cells]
  headings.forEach((heading, column) => {
    const button = document.createElement('button')
    button.type = 'button'
    button.textContent = heading.textContent
    button.addEventListener('click', () => {
      const isSame = state.sort === String(column)
      state.down = isSame && !state.down
      state.sort = String(column)
      changed()
    })
    heading.replaceChildren(button)
  })

  filter.value = state.q
  showDisabled.checked = state.disabled
  filter.closest('.filter').hidden = false
  filter.addEventListener('input', () => {
    state.q = filter.value
    changed()
  })
  showDisabled.addEventListener('change', () => {
    state.disabled = showDisabled.checked
    changed()
  })
  if (table.dataset.index === undefined) {
    apply()
    markOrder()
  } else loadIndex(table.dataset.index)

  /** A list in pages: every job comes with a script, for the filter to find. */
  function loadIndex(address) {
    const script = document.createElement('script')
    script.addEventListener('load', () => {
      const onPage = new Map(jobs.map((job) => [job.row.querySelector('a').getAttribute('href'), job.row]))
      jobs = self.jobsIndex.map((fields, place) => {
        const [name, title, category, trigger, schedule, outcome, , last, next, waits, isEnabled] = fields
        const row = onPage.get(`jobs/${name}.html`)
        return {
          place,
          fields,
          row,
          isOnPage: row !== undefined,
          text: searched(
            `${title} ${name} ${category} ${trigger} ${schedule} ${outcome} ${last} ${next} ${waits}`,
          ),
          isEnabled: isEnabled === 1,
          keys: [title, trigger, schedule, last, next || waits],
        }
      })
      apply()
      markOrder()
    })
    script.src = address
    document.head.append(script)
  }
}

function searched(text) {
  return text.toLowerCase().replace(/\s+/g, ' ').trim()
}

function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0
}

/** As the templates write a row; texts stay texts. */
function makeRow([name, title, category, trigger, schedule, outcome, tone, last, next, waits, isEnabled]) {
  const row = document.createElement('tr')
  if (isEnabled === 0) row.className = 'disabled'
  const heading = document.createElement('th')
  heading.scope = 'row'
  heading.className = 'wide'
  heading.append(
    make('a', 'job-link', title, `jobs/${name}.html`),
    make('span', 'minor', `${name} · ${category}${isEnabled === 0 ? ' · disabled' : ''}`),
  )
  row.append(heading)
  const lastCell =
    outcome === ''
      ? [make('span', 'none', 'Not yet')]
      : [make('a', `badge ${tone}`, outcome, `jobs/${name}.html#history`), make('span', 'line minor', last)]
  const cells = [
    [document.createTextNode(trigger)],
    schedule.split('; ').map((line) => make('span', 'line', line)),
    lastCell,
    [next === '' ? make('span', 'none', waits) : document.createTextNode(next)],
  ]
  cells.forEach((parts, at) => {
    const cell = row.insertCell()
    cell.dataset.label = labels[at]
    const whole = make('span', 'cell', '')
    whole.append(...parts)
    cell.append(whole)
  })
  return row
}

function make(tag, className, text, href) {
  const element = document.createElement(tag)
  element.className = className
  element.textContent = text
  if (href !== undefined) element.href = href
  return element
}
