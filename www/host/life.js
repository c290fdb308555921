// The bar that shows how long the token in use stays active, and when the next refresh comes.

/** Shows what `describe()` returned; `null` means that the connection is closed. */
export function showLife(life) {
  const bar = document.querySelector('#life-bar');
  const total = life?.lifetimeSeconds ?? 1;
  const left = life?.secondsLeft ?? 0;
  const next = life?.refreshInSeconds ?? null;
  const percent = (seconds) => `${Math.max(0, Math.min(100, (100 * seconds) / total))}%`;

  document.querySelector('#life-left').textContent = life ? `${Math.ceil(left)} s` : '–';
  document.querySelector('#life-next').textContent =
    !life ? 'connection closed' : next === null ? 'left, refreshing now' : `left, next refresh in ${Math.ceil(next)} s`;
  bar.querySelector('.fill').style.width = percent(left);
  bar.querySelector('.mark').style.left = percent(left - (next ?? left));
  bar.querySelector('.mark').hidden = next === null;
  bar.setAttribute('aria-valuenow', Math.round((100 * left) / total));
  bar.setAttribute('aria-valuetext', life ? `${Math.ceil(left)} seconds` : 'closed');
}
