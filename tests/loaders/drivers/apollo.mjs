import { gql } from '@apollo/client';
import { client } from 'guide/apollo.js';

const query = gql`
  query Floor {
    floor {
      id
    }
  }
`;

export async function load() {
  const { data } = await client.query({ query, fetchPolicy: 'network-only' });
  if (data.floor.id !== 'first') throw new Error(JSON.stringify(data));
}
