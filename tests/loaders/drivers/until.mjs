/** Waits until a condition holds. The test ends it if it never does. */
export async function until(condition) {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}
