export { ListenError, startListening, urlOf, type ListenAddress } from './listen.js';
