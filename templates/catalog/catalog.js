// The pages work without this: it keeps the tab on Refresh, opens steps by a double click, and shows the reader's zone.

for (const link of document.querySelectorAll('a[data-refresh]')) {
  link.addEventListener('click', (event) => {
    event.preventDefault()
    location.reload()
  })
}

// Cancel leads back to the window that one came from, as it was; without this, to the list.
const from = rememberWindow()
for (const link of document.querySelectorAll('a[data-back]')) {
  if (from.startsWith(`${folderOf(link.href)}/`)) link.href = from
}

for (const row of document.querySelectorAll('.steps tbody tr')) {
  row.addEventListener('dblclick', () => {
    const details = row.querySelector('details')
    // The two clicks of a double click on the name have closed it again.
    if (details) details.open = true
  })
}

const tabs = [...document.querySelectorAll('.tabs a[href^="#"]')]
if (tabs.length > 0) {
  markTab()
  addEventListener('hashchange', markTab)
}

const ownZone = document.getElementById('own-zone')
if (ownZone) startOwnZone(ownZone)

function folderOf(address) {
  return address.slice(0, address.lastIndexOf('/'))
}

/** The address of the window before this one; empty where it is not known. A referrer is never sent. */
function rememberWindow() {
  try {
    const windows = sessionStorage
    const last = windows.getItem('last') ?? ''
    // After Refresh the last window is this one.
    if (pageOf(last) !== pageOf(location.href)) windows.setItem('from', last)
    addEventListener('pagehide', () => windows.setItem('last', location.href))
    return windows.getItem('from') ?? ''
  } catch {
    // Where storage is forbidden.
    return ''
  }
}

function pageOf(address) {
  return address.split('#')[0]
}

function markTab() {
  const shown = document.getElementById(location.hash.slice(1))?.closest('.panel')
  const current = tabs.find((tab) => tab.hash === `#${shown?.id}`) ?? tabs[0]
  for (const tab of tabs) {
    if (tab === current) tab.setAttribute('aria-current', 'true')
    else tab.removeAttribute('aria-current')
  }
}

function startOwnZone(box) {
  const format = new Intl.DateTimeFormat('en-GB', {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  })
  const times = [...document.querySelectorAll('main time[datetime*="T"]')]
  const texts = times.map((time) => time.textContent)
  box.addEventListener('change', () => {
    times.forEach((time, index) => {
      time.textContent = box.checked ? format.format(new Date(time.dateTime)) : texts[index]
    })
  })
  box.closest('.own-zone').hidden = times.length === 0
}
