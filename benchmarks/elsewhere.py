"""Work that shall leave no trace in the memory of a contender."""

import concurrent.futures
import multiprocessing


def run_elsewhere(function, *arguments):
    """Call a function of a module in a process that ends with it.

    Models are converted so: what is measured holds what it runs, and not what
    it was made from.

    Returns:
        What the function returns.
    """
    fresh = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, fresh) as pool:
        return pool.submit(function, *arguments).result()
