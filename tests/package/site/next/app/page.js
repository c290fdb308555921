import { Floor } from './floor.js';

export default function Page() {
  return <Floor />;
}
