/** Requests and transactions of IndexedDB as promises. */
import { storageError } from "./checkpoint-store.ts";

/** What a request gives. */
export function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Runs `work` in one transaction over these tables, all or nothing; settles when everything is stored. */
export async function inTransaction<T>(
  where: string,
  database: IDBDatabase,
  tables: string[],
  mode: IDBTransactionMode,
  work: (transaction: IDBTransaction) => Promise<T>,
): Promise<T> {
  try {
    const transaction = database.transaction(tables, mode, { durability: "strict" });
    const stored = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () =>
        reject(transaction.error ?? new DOMException("the transaction was aborted", "AbortError"));
    });
    const working = work(transaction).catch((cause) => {
      abort(transaction);
      // A transaction that the browser ended says why; its requests only say that it did.
      throw transaction.error ?? cause;
    });
    const [result] = await Promise.all([working, stored]);
    return result;
  } catch (cause) {
    throw storageError(where, cause);
  }
}

/** Takes back the work so far, which the browser would commit; does nothing if the transaction has ended. */
function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch (error) {
    if ((error as Error).name !== "InvalidStateError") throw error;
  }
}
