// The editor's own words in the language of the parameter `locale`; English for one that it does not have.

const TEXTS = {
  en: {
    title: 'Opened with',
    parameter: 'Parameter',
    value: 'Value',
    edit: 'Edit',
    view: 'View only',
    name: 'New name',
    save: 'Save',
    saved: 'Saved',
    refused: 'Not saved',
    summary: (count) => `${count} parameters, none of them in this page’s address.`,
  },
  de: {
    title: 'Geöffnet mit',
    parameter: 'Parameter',
    value: 'Wert',
    edit: 'Bearbeiten',
    view: 'Nur ansehen',
    name: 'Neuer Name',
    save: 'Speichern',
    saved: 'Gespeichert',
    refused: 'Nicht gespeichert',
    summary: (count) => `${count} Parameter, keiner davon in der Adresse dieser Seite.`,
  },
  fr: {
    title: 'Ouvert avec',
    parameter: 'Paramètre',
    value: 'Valeur',
    edit: 'Édition',
    view: 'Lecture seule',
    name: 'Nouveau nom',
    save: 'Enregistrer',
    saved: 'Enregistré',
    refused: 'Non enregistré',
    summary: (count) => `${count} paramètres, aucun dans l’adresse de cette page.`,
  },
};

/** Writes the page in a language, and returns the texts. `de-CH` and `de_CH` are German. */
export function setLanguage(locale) {
  const [asked] = String(locale).toLowerCase().split(/[-_]/);
  const language = Object.hasOwn(TEXTS, asked) ? asked : 'en';
  const texts = TEXTS[language];
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll('[data-text]')) element.textContent = texts[element.dataset.text];
  return texts;
}
