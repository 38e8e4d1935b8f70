/** A published event. */
export interface Published {
  id: string;
}
