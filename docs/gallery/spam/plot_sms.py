"""
Raw text: which words move a filter of short messages
=====================================================

A filter of short messages learns from their words. How much spam does it stop if at most one good message in two
hundred may be lost, which messages does it change its mind about next, and the weights of which words move its F1?
"""

# %%
# The SMS Spam Collection (UCI 228; Almeida, Gomez Hidalgo and Yamakami, 2011; CC BY 4.0): 5,574 messages, good
# ("ham") or spam. Some are repeated word by word, as spam is; all copies of a message go to one part, so that no
# message is judged by a model that has seen it.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import conjac as cj

data = cj.datasets.load("sms_spam")
text, y = data.X.iloc[:, 0], data.y
message = text.factorize()[0]  # copies of a message have one number
part = np.random.default_rng(0).choice(["train", "tune", "test"], size=message.max() + 1, p=[0.4, 0.3, 0.3])[message]
train, tune, test = (part == name for name in ("train", "tune", "test"))
print(f"{len(text)} rows, {message.max() + 1} different messages, {np.mean(y == 'spam'):.1%} spam")

# %%
# Words that occur in five training messages or more, and a logistic regression on their weights in a message. The
# pipeline takes text as it is; so does conjac. The matrix is told of messages that the model has not seen, at a
# threshold of .5.
words = TfidfVectorizer(min_df=5, sublinear_tf=True)
model = make_pipeline(words, LogisticRegression(C=10, max_iter=1000)).fit(text[train], y[train])
told = {"pos_label": "spam", "groups": message[tune]}
J = cj.ConfusionJacobian.from_estimator(model, text[tune], y[tune], threshold=0.5, **told)
figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
cj.ConfusionMatrixDisplay.of(J).plot(axes[0])
display = cj.ConfusionJacobianDisplay.of(J).plot(axes[1])

# %%
# Nearly all errors are spam that is let through. A lower threshold would stop more of it, if the good messages
# allowed. The most spam stopped, with a loss of good messages that is below 1 in 200 with confidence .95, asks for a
# higher one: so few good messages are lost that little is known of how few.
curve = cj.ConfusionCurve.from_predictions(y[tune], model.predict_proba(text[tune])[:, 1], **told)
sure = curve.maximize("recall", subject_to="fpr <= 0.005", confidence=0.95)
print(f"threshold {sure.threshold:.3f}, recall {sure.value:.3f}")
print(sure.matrix)
display = cj.MetricCurveDisplay.of(
    curve, ("recall", "precision", "f1"), thresholds=np.linspace(0.05, 0.95, 181), point=sure.threshold
).plot()

# %%
# Who is next? As the threshold falls from there, these messages change sides first: spam that would be stopped, and
# good messages that would be lost.
J = cj.ConfusionJacobian.from_estimator(model, text[tune], y[tune], threshold=sure.threshold, **told)
for cell, meaning in (("tp", "spam stopped next"), ("fp", "good message lost next")):
    print(f"{meaning}:")
    for row in J.contributions(cell).next_to_flip(3, rising=False, changing=True):
        print(f"  {text[tune].iloc[row][:100]}")

# %%
# Which words matter there? Now the weights of the model move: what would F1 do if the weight of a word were larger by
# 1? All of the steepest slopes point up, since at a threshold that good messages have set, F1 gains by whatever
# raises scores. They are of words that stand in messages near the threshold, more often in spam: even of some whose
# weight is against spam, and that hold it back. A weight is large where a word tells spam from ham anywhere.
# Sensitivity is not importance.
P = cj.ConfusionJacobian.from_estimator(model, text[tune], y[tune], threshold=sure.threshold, wrt="parameters", **told)
f1 = P.of("f1")
slope, low, high = (tree["coef_"][0] for tree in (f1.gradient, *f1.confint()))
weight, name = model[-1].coef_[0], words.get_feature_names_out()
known = np.flatnonzero(np.isfinite(low))
top = known[np.argsort(np.abs(slope[known]))][-15:]
figure, axes = plt.subplots(1, 2, figsize=(9, 4.5), sharey=True, layout="constrained")
axes[0].hlines(name[top], low[top], high[top])
axes[0].plot(slope[top], name[top], "o")
axes[0].set(xlabel="change of F1 for 1 more of the weight, 95 % interval", title="What a weight moves")
axes[1].barh(name[top], weight[top])
axes[1].set(xlabel="log-odds of spam", title="The weight itself")
for one in axes:
    one.axvline(0, color="0.4", linewidth=0.8)
print(f"{len(known)} of {len(name)} words stand in enough messages near the threshold to have an interval")

# %%
# A gradient invites one to follow it. Each interval is of one word, and fifteen were picked out of many for being
# large: what they foretell together has to be asked of other rows. Here is what a step of length 1 along the whole
# gradient does to F1, by the rows that it was told by and by fresh ones.
told |= {"groups": message[test], "threshold": sure.threshold}
fresh = cj.ConfusionJacobian.from_estimator(model, text[test], y[test], wrt="parameters", **told)
for rows, found in (("the same rows", P), ("fresh rows", fresh)):
    step = found.along(f1.flat() / np.linalg.norm(f1.flat())).of("f1")
    (low,), (high,) = step.confint()
    print(f"{rows:13} F1 moves by {step.gradient[0]:+.4f} (95 % {low:+.4f} to {high:+.4f})")

# %%
# The decision, on messages that neither trained the model nor chose the threshold. Good messages are lost so rarely
# that these rows alone could not prove the promise: the upper limit of the rate says so. Recall is known to within
# some hundredths.
judged = cj.ConfusionJacobian.from_estimator(model, text[test], y[test], **told)
print(judged.matrix)
for rate in ("recall", "fpr", "f1"):
    low, high = judged.of(rate).value_confint()
    print(f"{rate:6} {judged.of(rate).value:.4f} (95 % {low:.4f} to {high:.4f})")
