// The pages work without this: it adds the filter, keeps the tab on Refresh and names the tab for screen readers.

for (const link of document.querySelectorAll('a[data-refresh]')) {
  link.addEventListener('click', (event) => {
    event.preventDefault()
    location.reload()
  })
}

const filter = document.getElementById('filter')
if (filter) startFilter(filter, document.getElementById('show-disabled'))

const tabs = [...document.querySelectorAll('.tabs a')]
if (tabs.length > 0) {
  markTab()
  addEventListener('hashchange', markTab)
}

function startFilter(field, showDisabled) {
  const rows = [...document.querySelectorAll('#jobs tbody tr')]
  const found = document.querySelector('.found')
  const nothing = document.getElementById('nothing-found')
  const texts = rows.map((row) => row.textContent.toLowerCase().replace(/\s+/g, ' '))

  function apply() {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean)
    let shown = 0
    rows.forEach((row, index) => {
      row.hidden = !words.every((word) => texts[index].includes(word))
      if (!row.hidden && (showDisabled.checked || !row.classList.contains('disabled'))) shown += 1
    })
    found.textContent = `${shown} of ${rows.length} shown`
    nothing.hidden = shown > 0
  }

  field.closest('.filter').hidden = false
  field.addEventListener('input', apply)
  showDisabled.addEventListener('change', apply)
  apply()
}

function markTab() {
  const current = tabs.find((tab) => tab.hash === location.hash) ?? tabs[0]
  for (const tab of tabs) {
    if (tab === current) tab.setAttribute('aria-current', 'true')
    else tab.removeAttribute('aria-current')
  }
}
