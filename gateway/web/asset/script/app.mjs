// Pages work without this; it adds focus on errors, the menu on phones and double-click protection.
import './passkey.mjs'
import {
  createAll, Button, Checkboxes, ErrorSummary, NotificationBanner, Radios, ServiceNavigation, SkipLink
} from 'govuk-frontend'

for (const component of [Button, Checkboxes, ErrorSummary, NotificationBanner, Radios, ServiceNavigation, SkipLink]) {
  createAll(component)
}

// A receipt's page offers to print itself.
for (const button of document.querySelectorAll('[data-print]')) {
  button.hidden = false
  button.addEventListener('click', () => window.print())
}
