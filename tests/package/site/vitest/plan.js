// A page that shows a floor, or what to do about the failure.
import { connect, DaypassError } from 'daypass';

export async function showFloor(element, options) {
  try {
    const floors = await connect({ api: 'https://api.example.com', ...options });
    element.textContent = await (await floors.fetch('/v2/floor/first')).text();
    return floors;
  } catch (error) {
    element.textContent = error instanceof DaypassError ? error.help : String(error);
  }
}
