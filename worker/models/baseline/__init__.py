"""`local/baseline`: a linear model over words and pieces of words, which abstains when unsure.

It needs no key and no network. Training needs scikit-learn; answering needs numpy alone.
"""
