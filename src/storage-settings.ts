import { setting, whole } from './setting.ts'

/** What is held ready so that a disk that fills up stops nothing but what would fill it. */
export const storageSettings = {
  diskReserveBytes: setting(
    'NACRE_DISK_RESERVE_BYTES',
    'Kept free on the disk of the data folder: what would grow into it is answered with 503; 0 keeps nothing.',
    whole(0, 2 ** 50, 256 << 20),
  ),
}
